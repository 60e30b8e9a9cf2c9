package world

import "strings"

// A locale is a place with the names of its people. Names are "native=ascii"; the
// ASCII form goes into logins.
type locale struct {
	region, timeZone          string // region of the portal: also the division in Okta
	country, state, city, zip string
	street, dial              string
	languages                 []string // spellings found in profiles, odd ones among them
	given, family             []name
}

type name struct{ native, ascii string }

func names(list string) []name {
	var out []name
	for entry := range strings.FieldsSeq(list) {
		native, ascii, spelt := strings.Cut(entry, "=")
		if !spelt {
			ascii = native
		}
		out = append(out, name{native, strings.ToLower(ascii)})
	}
	return out
}

var locales = []locale{
	{"West", "America/Vancouver", "CA", "BC", "Vancouver", "V6B 1A1", "Granville Street", "+1 604 555",
		[]string{"en", "en-US", "en_us", "EN-ca"},
		names("Ada Grace Edwin Mabel Harlan Odessa Wendell Imogen Rufus Tamsin"),
		names("Byron Oakley Thackeray O'Neil=oneil St.John=stjohn Whitlock Pemberton Ashdown McAllister Quimby")},
	{"Montréal", "America/Toronto", "CA", "QC", "Montréal", "H2X 1Y4", "rue Sainte-Émélie", "+1 514 555",
		[]string{"fr", "fr_CA", "fr-CA.UTF-8", "FR"},
		names("Zoé=zoe Hélène=helene Benoît=benoit Jérôme=jerome Maëlle=maelle François=francois Éloïse=eloise Noël=noel Anaïs=anais Cédric=cedric"),
		names("Lévesque=levesque Bélanger=belanger Côté=cote Gagné=gagne D’Amours=damours Hébert=hebert Lefebvre Théberge=theberge Çevik-Roy=cevik-roy Bédard=bedard")},
	{"Paris", "Europe/Paris", "FR", "75", "Paris", "75011", "rue de la Réunion", "+33 1 99 00",
		[]string{"fr-FR", "fr_FR", "fr-BE"},
		names("Aurélie=aurelie Loïc=loic Clémence=clemence Gaël=gael Solène=solene Rémi=remi Océane=oceane Thibault Apolline Maxence"),
		names("Lemaître=lemaitre Dubœuf=duboeuf Château=chateau Forêt=foret Maréchal=marechal Péricard=pericard Roussel Vautrin Garnier Beauchêne=beauchene")},
	{"München", "Europe/Berlin", "DE", "BY", "München", "80331", "Schönstraße", "+49 89 5550",
		[]string{"de", "de-DE", "de_AT", "deu"},
		names("Jürgen=juergen Käthe=kaethe Björn=bjoern Sören=soeren Gisela Friedemann Änne=aenne Wolfgang Hannelore Götz=goetz"),
		names("Müller=mueller Größler=groessler Weiß=weiss Schönfeld=schoenfeld Krämer=kraemer Öztürk=oeztuerk Bäcker=baecker Vogelsang Straßner=strassner Jäger=jaeger")},
	{"Łódź", "Europe/Warsaw", "PL", "10", "Łódź", "90-001", "ulica Żeromskiego", "+48 42 555",
		[]string{"pl", "pl-PL", "PL_pl"},
		names("Łucja=lucja Stanisław=stanislaw Małgorzata=malgorzata Zdzisław=zdzislaw Żaneta=zaneta Bożena=bozena Świętosław=swietoslaw Grażyna=grazyna Paweł=pawel Agnieszka"),
		names("Wiśniewska=wisniewska Dąbrowski=dabrowski Źrebiec=zrebiec Gołębiowski=golebiowski Łękawski=lekawski Pająk=pajak Ćwikliński=cwiklinski Szczęsny=szczesny Kowal Jabłońska=jablonska")},
	{"Αθήνα", "Europe/Athens", "GR", "I", "Αθήνα", "105 57", "Οδός Ερμού", "+30 21 0555",
		[]string{"en-GB", "en"},
		names("Ελένη=eleni Γιώργος=giorgos Δέσποινα=despoina Νίκος=nikos Χρύσα=chrysa Θάνος=thanos Ιωάννα=ioanna Στέλιος=stelios Ξένια=xenia Οδυσσέας=odysseas"),
		names("Παπαδάκη=papadaki Αλεξίου=alexiou Χατζής=chatzis Βλάχου=vlachou Ζερβός=zervos Καραγιάννης=karagiannis Μαυρίδου=mavridou Ρήγας=rigas Σκλαβούνος=sklavounos Φωτίου=fotiou")},
	{"Київ", "Europe/Kyiv", "UA", "30", "Київ", "01001", "вулиця Хрещатик", "+380 44 555",
		[]string{"en", "pl"},
		names("Оксана=oksana Тарас=taras Їжак=yizhak Соломія=solomiya Богдан=bohdan Ганна=hanna Юрій=yurii Лєся=lesia Андрій=andrii Ярина=yaryna"),
		names("Шевчук=shevchuk Ткаченко=tkachenko Ґонта=gonta Кравець=kravets Мельничук=melnychuk Щербак=shcherbak Дем’яненко=demianenko Бойко=boiko Савчук=savchuk Яценко=yatsenko")},
	{"Београд", "Europe/Belgrade", "RS", "00", "Београд", "11000", "Кнез Михаилова", "+381 11 555",
		[]string{"sr", "sr-Cyrl-RS", "sr_RS"},
		names("Љубица=ljubica Ђорђе=djordje Милица=milica Никола=nikola Јелена=jelena Душан=dusan Његош=njegos Весна=vesna Жарко=zarko Снежана=snezana"),
		names("Јовановић=jovanovic Петровић=petrovic Ђурић=djuric Његован=njegovan Стојковић=stojkovic Лазић=lazic Чолић=colic Шћепановић=scepanovic Марић=maric Вуковић=vukovic")},
	{"القاهرة", "Africa/Cairo", "EG", "C", "القاهرة", "11511", "شارع طلعت حرب", "+20 2 5550",
		[]string{"ar", "ar-EG", "ar-SA"},
		names("ليلى=layla يوسف=yusuf فاطمة=fatima عمر=omar مريم=maryam خالد=khaled هدى=huda سامي=sami نور=nour طارق=tariq"),
		names("المصري=almasri حسن=hassan العطار=alattar فهمي=fahmy سليمان=suleiman القاضي=alqadi نصار=nassar منصور=mansour البنا=albanna زيدان=zidan")},
	{"תל אביב", "Asia/Jerusalem", "IL", "TA", "תל אביב", "6100000", "שדרות רוטשילד", "+972 3 555",
		[]string{"en", "en-IL"},
		names("נועה=noa אורי=uri תמר=tamar איתי=itai מיכל=michal יעל=yael דניאל=daniel שירה=shira עידו=ido רחל=rachel"),
		names("כהן=cohen לוי=levi מזרחי=mizrahi פרץ=peretz ביטון=biton אברהמי=avrahami שפירא=shapira גולן=golan ברק=barak דיין=dayan")},
	{"दिल्ली", "Asia/Kolkata", "IN", "DL", "नई दिल्ली", "110001", "जनपथ", "+91 11 5550",
		[]string{"en-IN", "en_IN"},
		names("आरती=aarti विक्रम=vikram प्रिया=priya अर्जुन=arjun काव्या=kavya रोहन=rohan स्मृति=smriti हर्ष=harsh लक्ष्मी=lakshmi देवेंद्र=devendra"),
		names("शर्मा=sharma वर्मा=verma त्रिपाठी=tripathi सिंह=singh मिश्रा=mishra चौधरी=chaudhary कपूर=kapoor गुप्ता=gupta श्रीवास्तव=srivastava यादव=yadav")},
	{"กรุงเทพ", "Asia/Bangkok", "TH", "10", "กรุงเทพ", "10110", "ถนนสุขุมวิท", "+66 2 555",
		[]string{"th", "th-TH", "th_TH.UTF-8"},
		names("สมชาย=somchai มาลี=malee นิรันดร์=niran กานดา=kanda ธนา=thana พิม=pim อรุณ=arun ดาว=dao วิชัย=wichai สุดา=suda"),
		names("ใจดี=jaidee ศรีสุข=srisuk ทองคำ=thongkham แก้วมณี=kaewmanee บุญมา=boonma วงศ์ใหญ่=wongyai รุ่งเรือง=rungrueang สายทอง=saithong พรหม=phrom จันทร์=chan")},
	{"Đà Nẵng", "Asia/Ho_Chi_Minh", "VN", "DN", "Đà Nẵng", "550000", "Đường Bạch Đằng", "+84 236 555",
		[]string{"vi", "vi-VN", "vi_vn"},
		names("Thùy=thuy Đức=duc Hằng=hang Quốc=quoc Mỹ=my Tuấn=tuan Ngọc=ngoc Phượng=phuong Hiếu=hieu Yến=yen"),
		names("Nguyễn=nguyen Trần=tran Phạm=pham Huỳnh=huynh Đặng=dang Bùi=bui Võ=vo Ngô=ngo Dương=duong Lý=ly")},
	{"上海", "Asia/Shanghai", "CN", "SH", "上海", "200000", "南京东路", "+86 21 5550",
		[]string{"zh", "zh-CN", "zh-Hans", "zh_TW"},
		names("小明=xiaoming 丽华=lihua 建国=jianguo 美玲=meiling 志强=zhiqiang 雪梅=xuemei 浩然=haoran 静怡=jingyi 𠮷安=jian 子涵=zihan"),
		names("王=wang 李=li 张=zhang 欧阳=ouyang 陈=chen 司马=sima 黄=huang 赵=zhao 诸葛=zhuge 吴=wu")},
	{"東京", "Asia/Tokyo", "JP", "13", "東京都", "100-0001", "千代田", "+81 3 5550",
		[]string{"ja", "ja-JP", "ja_JP"},
		names("陽子=yoko 健太=kenta さくら=sakura 翔=sho 美咲=misaki リョウ=ryo 直樹=naoki ひなた=hinata 拓海=takumi 恵=megumi"),
		names("渡邉=watanabe 髙橋=takahashi 佐藤=sato 小野寺=onodera 長谷川=hasegawa 齋藤=saito 五十嵐=igarashi 林=hayashi 森=mori 神崎=kanzaki")},
	{"서울", "Asia/Seoul", "KR", "11", "서울", "04524", "세종대로", "+82 2 5550",
		[]string{"ko", "ko-KR", "kor"},
		names("지민=jimin 서연=seoyeon 민준=minjun 하은=haeun 도윤=doyun 수빈=subin 예진=yejin 현우=hyunwoo 은지=eunji 태양=taeyang"),
		names("김=kim 이=lee 박=park 남궁=namgung 최=choi 황보=hwangbo 정=jung 선우=sunwoo 윤=yoon 강=kang")},
	{"São Paulo", "America/Sao_Paulo", "BR", "SP", "São Paulo", "01001-000", "Rua da Consolação", "+55 11 5550",
		[]string{"pt", "pt-BR", "pt_BR"},
		names("João=joao Conceição=conceicao Antônio=antonio Lívia=livia Vinícius=vinicius Inês=ines Luís=luis Flávia=flavia Sebastião=sebastiao Tarcísio=tarcisio"),
		names("Gonçalves=goncalves Magalhães=magalhaes Simões=simoes Araújo=araujo Assunção=assuncao Brandão=brandao Corrêa=correa Falcão=falcao Vidal Esteves")},
	{"South", "America/Chicago", "US", "TX", "Houston", "77002", "Bayou Bend", "+1 713 555",
		[]string{"es", "es-419", "es-MX", "en-US"},
		names("Íñigo=inigo Begoña=begona Peñafiel=penafiel Ramón=ramon Úrsula=ursula Nuño=nuno Lucía=lucia Ángel=angel Inmaculada Saúl=saul"),
		names("Muñoz=munoz Ibáñez=ibanez Núñez=nunez Güell=guell Castañeda=castaneda Zúñiga=zuniga Ríos=rios Argüello=arguello Peláez=pelaez Ordóñez=ordonez")},
	{"İstanbul", "Europe/Istanbul", "TR", "34", "İstanbul", "34433", "İstiklal Caddesi", "+90 212 555",
		[]string{"tr", "tr-TR", "TR_tr"},
		names("Işıl=isil İbrahim=ibrahim Çağla=cagla Gökhan=gokhan Şule=sule Tuğçe=tugce Ömer=omer Ayşegül=aysegul Ilgın=ilgin Barış=baris"),
		names("Yılmaz=yilmaz Işık=isik İnan=inan Çelik=celik Şahin=sahin Özdemir=ozdemir Aydoğan=aydogan Kılıç=kilic Uğurlu=ugurlu Gürbüz=gurbuz")},
	{"თბილისი", "Asia/Tbilisi", "GE", "TB", "თბილისი", "0105", "რუსთაველის გამზირი", "+995 32 555",
		[]string{"en", "tr"},
		names("ნინო=nino გიორგი=giorgi თამარ=tamari ლევანი=levani მარიამ=mariami დავით=daviti ქეთევან=ketevani ზურაბ=zurabi ანა=ana ვახტანგ=vakhtangi"),
		names("ბერიძე=beridze კაპანაძე=kapanadze გელაშვილი=gelashvili მაისურაძე=maisuradze ლომიძე=lomidze წიკლაური=tsiklauri ხუციშვილი=khutsishvili ნოზაძე=nozadze ჭავჭავაძე=chavchavadze დოლიძე=dolidze")},
}

var titles = []string{"Guard", "Guard", "Guard", "Patrol officer", "Dispatcher", "Shift supervisor", "Site supervisor",
	"Agent de sécurité", "Wachmann", "Sécurité événementielle", "Охоронець", "警備員", "경비원", "حارس أمن", "Φύλακας"}

var (
	siteNames = []string{"Airport", "Harbour", "Hospital", "Arena", "Museum", "Refinery", "Campus", "Embassy row", "Data centre", "Cathédrale", "Żelazna 7", "東棟"}
	roleNames = []string{"Supervisor", "Patrol", "Dispatcher", "First aid", "K-9", "Door & gate", "Nachtwache", "Sécurité incendie", "控制室", "Fire watch", "Key holder", "Control room"}
)

// defaultRegions are those of a new portal, which the generated people use too.
var defaultRegions = map[string]int64{"HQ": 1, "North": 2, "South": 3, "West": 4}
