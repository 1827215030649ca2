// Package dump is what the command tapdump does: it reads a capture, chooses frames, prints, counts or writes
// them.
//
//	input.go ──▶ Record ──▶ decode ──▶ filter ──▶ printer (line, summary, tree, dump, JSON, fields)
//	             file        pcap                ├▶ statistics
//	                                             └▶ file.Writer
//
// Read run.go, input.go, print.go with clock.go and fields.go, stats.go with a file a statistic, progress.go,
// exit.go.
//
// A frame costs no allocation, whatever is printed of it, and a capture of any size takes the same memory. Only
// statistics grow, with what they tell apart, up to a bound; what is beyond it is counted in one line.
package dump
