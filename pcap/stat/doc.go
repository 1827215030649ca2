// Package stat counts frames for tables: who speaks with whom, which protocols lie in which, what is wrong,
// how much came when, who answered whom and how soon. It knows no protocol: layers are told apart by their
// specs, ends by the roles that package pcap gives fields.
//
// Each kind of count has an Add, which takes frames in order, and a List, which returns what was counted.
// All are bounded: what is over a limit is counted as Beyond.
//
// Read conversations.go, hierarchy.go, findings.go, intervals.go, exchanges.go.
package stat
