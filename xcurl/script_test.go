package main

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"rsc.io/script"
	"rsc.io/script/scripttest"

	"httptap/scripts/cmdtest"
)

func TestMain(m *testing.M) { cmdtest.Main(m, main) }

// silentServer accepts connections and never answers: an httptap that hangs.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
	return "http://" + l.Addr().String()
}

func TestScripts(t *testing.T) {
	engine := &script.Engine{Cmds: scripttest.DefaultCmds(), Conds: scripttest.DefaultConds()}
	engine.Cmds["xcurl"] = cmdtest.Command("xcurl")
	env := append(os.Environ(), "URL="+cmdtest.StartHTTPTap(t), "SILENT="+silentServer(t), "NOBODY=http://127.0.0.1:"+cmdtest.FreePort(t))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel) // the scripts run when this function has returned
	scripttest.Test(t, ctx, engine, env, "testdata/script/*.txt")
}
