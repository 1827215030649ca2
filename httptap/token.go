package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"httptap/httptap/api"
	"httptap/httptap/internal/listen"
)

// The lengths of a token in bytes: a shorter one could be guessed.
const (
	minToken = 16
	maxToken = 512
)

var errToken = fmt.Errorf("a token has %d to %d letters, digits or characters of -._~+/ (make one with 'openssl rand -hex 16')", minToken, maxToken)

// isToken tells whether s may be a token: RFC 6750, 2.1, b64token, of a length that can't be guessed.
func isToken(s string) bool {
	if len(s) < minToken || len(s) > maxToken {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
			if i > 0 && s[i-1] == '=' {
				return false // nothing stands behind the padding
			}
		case c == '=' && i > 0:
		default:
			return false
		}
	}
	return true
}

// A token is what other machines have to show.
type token struct {
	text string
	from string // where it comes from; "": it was made for this run, and nobody knows it yet
	all  bool   // TCP on loopback demands it, too
}

// chooseToken returns the token of -token-file, else of the environment, else a new one.
func chooseToken(file string) (token, error) {
	if file != "" {
		text, err := readToken(file)
		if err != nil {
			return token{}, fmt.Errorf("-token-file %s: %w", file, err)
		}
		return token{text, file, true}, nil
	}
	if text := os.Getenv(api.TokenEnv); text != "" {
		if !isToken(text) {
			return token{}, fmt.Errorf("%s: %w", api.TokenEnv, errToken)
		}
		return token{text, api.TokenEnv, false}, nil
	}
	return token{text: rand.Text()}, nil
}

// readToken reads the token in a file. What is in it is never said.
func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode()&0o007 != 0:
		return "", fmt.Errorf("every user of this machine may use it: chmod 600 %s", file)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxToken+3)) // and the end of its line
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(b), "\r\n")
	if !isToken(text) {
		return "", errToken
	}
	return text, nil
}

// risk is what whoever lets other machines call has to know.
const risk = `httptap: other machines reach %[1]s: whoever shows the token may put any frame into your network, and read
httptap: every frame. HTTP hides nothing: who can read the traffic on the way has the token. Safer is a tunnel to
httptap: the usual address: 'ssh -L %[2]s:%[2]s HOST', and httptap without -listen.
`

// warn says what a front without a wall around it means, and the token that nobody knows yet.
func (f fronts) warn(w io.Writer, t token) {
	var public []string
	for _, one := range f {
		if !listen.Private(one.listener) {
			public = append(public, one.url())
		}
	}
	if len(public) == 0 {
		return
	}
	fmt.Fprintf(w, risk, strings.Join(public, ", "), api.DefaultListen)
	if t.from != "" {
		fmt.Fprintf(w, "httptap: the token is that of %s\n", t.from)
		return
	}
	fmt.Fprintf(w, "httptap: the token of this run is %s  (for xcurl: export %s=%[1]s)\n", t.text, api.TokenEnv)
}
