package tracktik

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// employeesIn is what a client reads from a portal that answers with body.
func employeesIn(t *testing.T, body string) ([]plan.Employee, error) {
	t.Helper()
	var all []plan.Employee
	_, err := client(t, newPortal(t, always(200, body)), nil).Employees(t.Context(), collect(&all))
	return all, err
}

func TestAListIsReadInEveryShapeItMayCome(t *testing.T) {
	ann := plan.Employee{ID: 7, Has: plan.FieldSet(0).With(plan.FirstName), Values: plan.Values{plan.FirstName: "Ann"}}
	for body, want := range map[string][]plan.Employee{
		`[{"id":7,"firstName":"Ann"}]`:                                                                  {ann},
		"\ufeff" + `{"data":[{"id":7,"firstName":"Ann"}],"meta":{"count":1}}`:                           {ann},
		"\r\n\t { \"data\" :\n[ {\"id\" : 7 ,\n\"firstName\"\t:\"Ann\" } ] , \"meta\" : null}\n":        {ann},
		`{"Meta":{"Count":"1","itemCount":1.0},"DATA":[{"id":7,"firstName":"Ann"}]}`:                    {ann},
		`{"meta":{"count":9},"meta":{"count":1},"data":[{"id":1}],"data":[{"id":7,"firstName":"Ann"}]}`: {ann},
		`{"meta":{"count":1,"itemCount":null,"security":{"granted":null},"x":[{"count":5}]},"links":["data",[]],` +
			`"data":[{"id":7,"firstName":"Ann"}]}`: {ann},
		`{"meta":{"count":1,"security":{"granted":true}},"data":[{"id":7,"firstName":"Ann"}]}`: {ann},
		`{"meta":{"count":0},"data":[]}`:                                    nil,
		`{"meta":{"count":2},"data":[{"id":7,"firstName":"Ann"},{"id":8}]}`: {ann, {ID: 8}},
	} {
		got, err := employeesIn(t, body)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", body, err, diff)
		}
	}
}

func TestARecordIsReadInEveryShapeItMayCome(t *testing.T) {
	first := func(value string) plan.Employee {
		return plan.Employee{ID: 7, Has: plan.FieldSet(0).With(plan.FirstName), Values: plan.Values{plan.FirstName: value}}
	}
	for record, want := range map[string]plan.Employee{
		// a text
		`{"id":7,"firstName":"Ann"}`:                                                      first("Ann"),
		`{"id":7,"firstName":""}`:                                                         first(""),
		`{"id":7,"firstName":null}`:                                                       first(""),
		`{"id":7,"firstName":1.50}`:                                                       first("1.50"),
		`{"id":7,"firstName":-0}`:                                                         first("-0"),
		`{"id":7,"firstName":12345678901234567890123}`:                                    first("12345678901234567890123"),
		`{"id":7,"firstName":true}`:                                                       first("true"),
		`{"id":7,"firstName":false}`:                                                      first("false"),
		`{"id":7,"firstName":{"firstName":"Ann"}}`:                                        {ID: 7},
		`{"id":7,"firstName":["Ann"]}`:                                                    {ID: 7},
		`{"id":7}`:                                                                        {ID: 7},
		`{"id":7,"firstName":"Ann","firstName":{}}`:                                       {ID: 7},
		`{"id":7,"firstName":"Bob","firstName":"Ann"}`:                                    first("Ann"),
		`{"id":7,"firstName":"Ann","firstName":null}`:                                     first(""),
		`{"ID":6,"Id":7,"FIRSTNAME":"Ann"}`:                                               first("Ann"),
		`{"id":7,"firstname":"Bob","firstName":"Ann"}`:                                    first("Ann"),
		`{"id":7,"firstName":"  Ann \t "}`:                                                first("Ann"),
		`{"id":7,"firstName":"A\"n\\n\/"}`:                                                first(`A"n\n/`),
		`{"id":7,"firstName":"\u0041nn"}`:                                                 first("Ann"),
		`{"id":7,"firstName":"Andr\u00e9"}`:                                               first("André"),
		`{"id":7,"firstName":"Andre\u0301"}`:                                              first("André"),
		`{"id":7,"firstName":"\ud83d\ude00"}`:                                             first("😀"),
		`{"id":7,"firstName":"A\ud83dnn"}`:                                                first("A\ufffdnn"),
		`{"id":7,"firstName":"A\ud83d\u006en"}`:                                           first("A\ufffdnn"),
		"{\"id\":7,\"firstName\":\"A\xff\xfenn\"}":                                        first("A\ufffd\ufffdnn"),
		`{"id":7,"\u0066irstName":"Ann"}`:                                                 first("Ann"),
		`{"id":7,"firstName":"Ann","x":"\",\"firstName\":\"B\""}`:                         first("Ann"),
		`{"id":7,"x":{"firstName":"Bob","id":9},"y":[[{"id":9}],"]}"],"firstName":"Ann"}`: first("Ann"),
		"{\n\"id\" : 7 , \"firstName\"\r:\t\"Ann\"}":                                      first("Ann"),
		`{"id":7,"":"x","firstName ":"Bob","firstName":"Ann"}`:                            first("Ann"),
		`{"id":7,"status":" terminated"}`:                                                 {ID: 7, Status: "TERMINATED"},
		// an id
		`{"id":"7","region":""}`:                   {ID: 7},
		`{"id":" 7 ","region":" "}`:                {ID: 7},
		`{"id":7.0,"region":0}`:                    {ID: 7},
		`{"id":0.7e1,"region":"0"}`:                {ID: 7},
		`{"id":"7.0","region":-0}`:                 {ID: 7},
		`{"id":9007199254740993}`:                  {ID: 9007199254740993},
		`{"id":9223372036854775807}`:               {ID: 9223372036854775807},
		`{"id":{"id":7},"region":{"id":{"id":4}}}`: {ID: 7, Region: 4},
		`{"id":{"x":1,"ID":"7"},"region":{}}`:      {ID: 7},
		`{"id":7,"region":{"id":null}}`:            {ID: 7},
		`{"id":7,"region":[]}`:                     {ID: 7},
		`{"id":7,"region":5,"region":false}`:       {ID: 7},
		`{"id":7,"updatedBy":5}`:                   {ID: 7, UpdatedBy: 5},
		`{"id":7,"updatedBy":{"id":"5"}}`:          {ID: 7, UpdatedBy: 5},
		`{"id":7,"updatedBy":"Ann"}`:               {ID: 7},
		`{"id":7,"updatedBy":[1]}`:                 {ID: 7},
		`{"id":7,"updatedBy":{"id":"Ann"}}`:        {ID: 7},
		// an address
		`{"id":7,"address":"12"}`:                        {ID: 7},
		`{"id":7,"address":["city"]}`:                    {ID: 7},
		`{"id":7,"address":true}`:                        {ID: 7},
		`{"id":7,"address":{}}`:                          {ID: 7},
		`{"id":7,"address":{"City":"X","city":{"y":1}}}`: {ID: 7},
		`{"id":7,"address":{"city":"X"},"address":{}}`:   {ID: 7},
		`{"id":7,"address":null,"address":3}`:            {ID: 7},
		`{"id":7,"address":{"city":"X"},"Address":{"state":8}}`: {ID: 7, Has: plan.FieldSet(0).With(plan.State),
			Values: plan.Values{plan.State: "8"}},
		`{"id":7,"address":{"state":"A","state":"B","addressLine1":"","postalCode":1.0,"country":false}}`: {ID: 7,
			Has:    plan.FieldSet(0).With(plan.State, plan.AddressLine1, plan.PostalCode, plan.Country),
			Values: plan.Values{plan.State: "B", plan.PostalCode: "1.0", plan.Country: "false"}},
	} {
		got, err := employeesIn(t, `{"meta":{"count":1},"data":[`+record+`]}`)
		if diff := cmp.Diff([]plan.Employee{want}, got); err != nil || diff != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", record, err, diff)
		}
	}
}

// Whoever is read wrongly may be terminated, or made twice: what is not understood is
// refused, with all that came with it.
func TestARecordThatIsNotUnderstoodIsRefused(t *testing.T) {
	for record, want := range map[string]string{
		`"text"`:                                 `reading record 2 of the page: "text" is no record`,
		`12`:                                     `12 is no record`,
		`null`:                                   `null is no record`,
		`true`:                                   `true is no record`,
		`[{"id":7}]`:                             `[{"id":7}] is no record`,
		`[]`:                                     `[] is no record`,
		`{}`:                                     `no id`,
		`{"id":null}`:                            `no id`,
		`{"id":0}`:                               `no id`,
		`{"id":""}`:                              `no id`,
		`{"id":false}`:                           `no id`,
		`{"id":[]}`:                              `no id`,
		`{"id":{}}`:                              `no id`,
		`{"name":{"id":7}}`:                      `no id`,
		`{"id":7,"id":null}`:                     `no id`,
		`{"id":-7}`:                              `"-7" is not an id`,
		`{"id":7.5}`:                             `"7.5" is not an id`,
		`{"id":1e300}`:                           `"1e300" is not an id`,
		`{"id":1e999}`:                           `"1e999" is not an id`,
		`{"id":9223372036854775808}`:             `is not an id`,
		`{"id":"Ann"}`:                           `"Ann" is not an id`,
		`{"id":"NaN"}`:                           `"NaN" is not an id`,
		`{"id":true}`:                            `"true" is not an id`,
		`{"id":[7]}`:                             `"[7]" is not an id`,
		`{"id":[ ]}`:                             `"[ ]" is not an id`,
		`{"id":{"id":"Ann"}}`:                    `"Ann" is not an id`,
		`{"id":"\u0037"}`:                        `is not an id`,
		`{"id":7,"region":"North"}`:              `"North" is not an id`,
		`{"id":7,"region":[4]}`:                  `"[4]" is not an id`,
		`{"id":7,"region":{"id":"North"}}`:       `"North" is not an id`,
		`{"id":7,"region":"x","region":4}`:       `"x" is not an id`,
		`{"id":6}`:                               `record 6 comes twice on one page`,
		`{"id":7,"firstName":"A` + "\n" + `"}`:   ``,
		`{"id":7,"firstName":"A` + "\x00" + `"}`: ``,
		`{"id":7,"firstName":"\x41"}`:            ``,
		`{"id":7,"firstName":"\u00zz"}`:          ``,
		`{"id":07}`:                              ``,
		`{"id":+7}`:                              ``,
		`{"id":.7e1}`:                            ``,
		`{"id":7.}`:                              ``,
		`{"id":0x7}`:                             ``,
		`{"id":NaN}`:                             ``,
		`{"id":7,}`:                              ``,
		`{"id":7 "x":1}`:                         ``,
		`{"id":7,"x"}`:                           ``,
		`{"id":7,x:1}`:                           ``,
		`{'id':7}`:                               ``,
		`{"id":7,"x":}`:                          ``,
		`{"id":7,"x":nul}`:                       ``,
		`{"id":7,"x":[1,]}`:                      ``,
		`{"id":7,"x":[1}}`:                       ``,
		`{"id":7}}`:                              ``,
		`{"id":7},`:                              ``,
		``:                                       ``,
	} {
		got, err := employeesIn(t, `{"meta":{"count":3},"data":[{"id":6},`+record+`,{"id":8}]}`)
		if e := wantError(t, err); !e.Broken() || len(got) > 0 || !strings.Contains(e.Error(), want) {
			t.Errorf("%s: broken %v, %d employees: %v, want %q", record, e.Broken(), len(got), e, want)
		}
	}
}

func TestAListThatIsNotUnderstoodIsRefused(t *testing.T) {
	for body, want := range map[string]string{
		``:                                `the answer is empty`,
		" \n":                             `the answer is empty`,
		`"text"`:                          `the answer is no list`,
		`null`:                            `the answer is no list`,
		`<html></html>`:                   `the answer is no list`,
		`{}`:                              `the answer holds no list of records`,
		`{"data":null}`:                   `the answer holds no list of records`,
		`{"data":{"id":7}}`:               `the answer holds no list of records`,
		`{"data":"[]"}`:                   `the answer holds no list of records`,
		`{"data":[{"id":7}],"data":null}`: `the answer holds no list of records`,
		`{"data":[{"id":7}]} {}`:          ``,
		`[{"id":7}]]`:                     ``,
		`{"data":[{"id":7}],"meta":{"count":1},}`:                   ``,
		`{"data":[{"id":7}],"meta":{"count":1`:                      ``,
		`{"data":[{"id":7}],"meta":[]}`:                             `reading the answer`,
		`{"data":[{"id":7}],"meta":"1"}`:                            `reading the answer`,
		`{"data":[{"id":7}],"meta":{"count":"x"}}`:                  `"x" is not an id`,
		`{"data":[{"id":7}],"meta":{"count":-1}}`:                   `"-1" is not an id`,
		`{"data":[{"id":7}],"meta":{"security":[]}}`:                `reading the answer`,
		`{"data":[{"id":7}],"meta":{"security":{"granted":"no"}}}`:  `reading the answer`,
		`{"data":[{"id":7}],"meta":{"security":{"granted":false}}}`: `the portal did not grant the list`,
		`{"data":[{"id":7}],"meta":{"count":5,"itemCount":"2"}}`:    `the page says that it holds 2 records, and holds 1`,
		`{"data":[{"id":7}],"meta":{"count":{"id":0}}}`:             `the list says that it has 0 records, and this page alone holds 1`,
		`{"data":[]}`: `the list is empty and has no meta`,
	} {
		got, err := employeesIn(t, body)
		if e := wantError(t, err); !e.Broken() || len(got) > 0 || !strings.Contains(e.Error(), want) {
			t.Errorf("%s: broken %v, %d employees: %v, want %q", body, e.Broken(), len(got), e, want)
		}
	}
}

func TestAListThatIsCutAnywhereIsRefused(t *testing.T) {
	for _, whole := range []string{
		`{"meta":{"count":2},"data":[{"id":7,"firstName":"A\u00e9","address":{"city":"X"}},{"id":8,"region":{"id":4},"x":[1.5e1]}]}`,
		`[{"id":7,"firstName":"A\u00e9","address":{"city":"X"}},{"id":8,"region":{"id":4},"x":[1.5e1]}]`,
	} {
		if got, err := employeesIn(t, whole); err != nil || len(got) != 2 {
			t.Fatalf("%d employees, %v", len(got), err)
		}
		for n := range len(whole) {
			if got, err := employeesIn(t, whole[:n]); err == nil || !wantError(t, err).Broken() || len(got) > 0 {
				t.Errorf("%s: %d employees, %v", whole[:n], len(got), err)
			}
		}
	}
}

// A body of nothing but open brackets would take a parser that recurses as deep.
func TestAnAnswerThatIsNestedWithoutEndIsRefused(t *testing.T) {
	for _, open := range []string{"[", `{"x":`} {
		body := fmt.Sprintf(`{"data":[{"id":7,"x":%s`, strings.Repeat(open, maxBody/len(open)-100))
		if _, err := parsePage([]byte(body), decodeEmployee); err == nil {
			t.Errorf("%d times %s are believed", maxBody/len(open), open)
		}
	}
}
