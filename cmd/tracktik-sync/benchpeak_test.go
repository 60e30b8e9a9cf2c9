package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// watchPeak returns what tells, once the process has ended, its peak memory in KiB: the
// VmHWM of proc(5), which the system only ever raises, as it was last read. What wait4
// reports counts the parent too, whose memory the child shares until it is another program.
// 0: there is no such file.
func watchPeak(pid int) func() int64 {
	ended, stop := make(chan int64), make(chan struct{})
	peak := highWater(pid)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				peak = max(peak, highWater(pid))
			case <-stop:
				ended <- peak
				return
			}
		}
	}()
	return func() int64 { close(stop); return <-ended }
}

func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib
		}
	}
	return 0
}

// A small child of a large parent is small.
func TestPeakMemoryIsThatOfTheProcessItself(t *testing.T) {
	if highWater(os.Getpid()) == 0 {
		t.Skip("this system tells no peak in /proc")
	}
	large := bytes.Repeat([]byte{1}, 200<<20)
	child := exec.CommandContext(t.Context(), "cat")
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watchPeak(child.Process.Pid)
	if err := input.Close(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if kib := peak(); kib <= 0 || kib > 100<<10 {
		t.Errorf("cat took %d KiB beside %d bytes of ours", kib, len(large))
	}
}
