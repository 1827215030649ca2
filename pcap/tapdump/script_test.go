package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"rsc.io/script"
	"rsc.io/script/scripttest"

	"httptap/scripts/cmdtest"
	"httptap/stack/arp"
	"httptap/stack/ethernet"
	"httptap/stack/link"
	"httptap/tapclient"
)

func TestMain(m *testing.M) { cmdtest.Main(m, main) }

// announce sends a frame through the httptap, for captures to have one.
func announce(t *testing.T, url string) {
	t.Helper()
	c, err := tapclient.Dial(t.Context(), url, tapclient.Options{Name: "script", Transport: tapclient.Batches})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	us, ip := c.Info().HardwareAddr, [4]byte{192, 168, 10, 77}
	frame := arp.Append(ethernet.Append(nil, link.Broadcast, us, ethernet.TypeARP), arp.OpRequest, us, ip, link.Addr{}, ip)
	if _, err := c.WriteFrames([][]byte{frame}); err != nil {
		t.Fatal(err)
	}
}

// cutCmd writes the first bytes of a file to another one.
func cutCmd() script.Cmd {
	return script.Command(script.CmdUsage{Summary: "write the first bytes of a file to another", Args: "bytes from to"},
		func(s *script.State, args ...string) (script.WaitFunc, error) {
			if len(args) != 3 {
				return nil, script.ErrUsage
			}
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return nil, script.ErrUsage
			}
			b, err := os.ReadFile(s.Path(args[1]))
			if err != nil {
				return nil, err
			}
			return nil, os.WriteFile(s.Path(args[2]), b[:min(n, len(b))], 0o600)
		})
}

func TestScripts(t *testing.T) {
	engine := &script.Engine{Cmds: scripttest.DefaultCmds(), Conds: scripttest.DefaultConds()}
	engine.Cmds["tapdump"] = cmdtest.Command("tapdump")
	engine.Cmds["cut"] = cutCmd()
	captures, err := filepath.Abs("../../testdata/captures")
	if err != nil {
		t.Fatal(err)
	}
	url := cmdtest.StartHTTPTap(t)
	announce(t, url)
	env := append(os.Environ(), "CAPTURES="+captures, "URL="+url, "NOBODY=http://127.0.0.1:"+cmdtest.FreePort(t))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel) // the scripts run when this function has returned
	scripttest.Test(t, ctx, engine, env, "testdata/script/*.txt")
}
