package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// gateway is a download from nginx by a client behind httptap -i user, which needs no privilege: the
// bytes come to a socket of httptap's and leave it in frames of 1514 bytes. The client is on httptap's
// own network; nginx listens where no client could reach it but through the gateway.
var gateway = benchmark{
	name: "gateway", here: true,
	about: "xcurl -ihttp downloads 1 GB from nginx through the gateway of httptap -i user, MTU 1500",
	measure: func(ctx context.Context, _ side, o options) (_ sample, err error) {
		n, err := lab(ctx, o)
		if err != nil {
			return sample{}, err
		}
		size := 1_000_000_000
		if o.quick {
			size = 100_000_000
		}
		if err := hole(filepath.Join(n.dir, "hole"), int64(size)); err != nil {
			return sample{}, err
		}
		_, stop, err := n.serve(ctx, "-i", "user", "-net", gatewayNet)
		if err != nil {
			return sample{}, err
		}
		defer func() { err = errors.Join(err, stop()) }()
		c := n.command(ctx, "xcurl", "-ihttp", "-url", relayURL, "-nopcap", "-o", os.DevNull, "http://"+kernelAddr+"/hole")
		c.Env = o.profileEnv("xcurl")
		return n.download(c, size)
	},
	bars: func(options) []bar {
		return []bar{
			{metric: "rate", label: "httptap -i user | xcurl -ihttp", unit: "Gbit/s", scale: 8e-9, higher: true, limit: 1.5e9 / 8, bound: true},
			{metric: "cpu", label: "  CPU time of xcurl alone, a MB", unit: "ms"},
		}
	},
}

// gatewayNet is the network of the lab; the TAP's is another.
const gatewayNet = "192.168.20.1/24"

// hole makes a file of size bytes that takes no memory.
func hole(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}
