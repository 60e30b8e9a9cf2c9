package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func textOf(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "configs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTheTaskRunsTheScriptAndNeverTwoAtATime reads the definition as the Task Scheduler does.
func TestTheTaskRunsTheScriptAndNeverTwoAtATime(t *testing.T) {
	var task struct {
		XMLName   xml.Name `xml:"http://schemas.microsoft.com/windows/2004/02/mit/task Task"`
		Every     string   `xml:"Triggers>TimeTrigger>Repetition>Interval"`
		UserID    string   `xml:"Principals>Principal>UserId"`
		Level     string   `xml:"Principals>Principal>RunLevel"`
		Instances string   `xml:"Settings>MultipleInstancesPolicy"`
		CatchUp   bool     `xml:"Settings>StartWhenAvailable"`
		Arguments string   `xml:"Actions>Exec>Arguments"`
	}
	if err := xml.Unmarshal([]byte(textOf(t, "windows/tracktik-sync.xml")), &task); err != nil {
		t.Fatal(err)
	}
	if task.Every != "PT15M" || task.Instances != "IgnoreNew" || !task.CatchUp {
		t.Errorf("it runs every %s, %s, and catches up: %v", task.Every, task.Instances, task.CatchUp)
	}
	if task.UserID != "" || task.Level != "LeastPrivilege" {
		t.Errorf("it runs as %q with %s", task.UserID, task.Level)
	}
	if !strings.HasSuffix(task.Arguments, `\windows\run.ps1"`) {
		t.Errorf("it calls %s", task.Arguments)
	}
}

// TestTheScriptCountsAsFailuresWhatTheUnitsDo: the same exit codes are none.
func TestTheScriptCountsAsFailuresWhatTheUnitsDo(t *testing.T) {
	unit := regexp.MustCompile(`(?m)^SuccessExitStatus=(.*)$`).FindStringSubmatch(textOf(t, "systemd/tracktik-sync.service"))
	script := regexp.MustCompile(`(?m)^if \(\$code -in ([0-9, ]+)\) \{ exit 0 \}\r?\nexit \$code\r?\n$`).FindStringSubmatch(textOf(t, "windows/run.ps1"))
	if unit == nil || script == nil || strings.Join(strings.Fields(unit[1]), ", ") != script[1] {
		t.Errorf("the unit lets pass %q, the script %q", unit, script)
	}
	if text := textOf(t, "windows/run.ps1"); !strings.Contains(text, "sync -q ") {
		t.Error("the script does not ask for what is new")
	}
}
