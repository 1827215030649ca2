package nat

import (
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Where the addresses are in the IPv4 header, in bytes. RFC 791, 3.1
const (
	sourceOffset      = 12
	destinationOffset = 16
)

// States of a connection, as bits: linux/netfilter/nf_conntrack_common.h
const (
	established = 1 << 1 // IP_CT_ESTABLISHED
	related     = 1 << 2 // IP_CT_RELATED
)

// What a rule may be about, of a packet: linux/if_packet.h, linux/rtnetlink.h
const (
	packetHost = 0 // PACKET_HOST: for the hardware address of the interface
	typeLocal  = 2 // RTN_LOCAL: an address of this machine
)

// An expression is one step of a rule: it loads into the register, compares it or acts. A comparison that does not
// hold ends the rule.
type expression = *nl.RtAttr

// step makes an expression of the kind that the kernel knows by that name.
func step(name string, attrs ...*nl.RtAttr) expression {
	return nested(unix.NFTA_LIST_ELEM, text(unix.NFTA_EXPR_NAME, name), nested(unix.NFTA_EXPR_DATA, attrs...))
}

func nested(kind int, in ...*nl.RtAttr) *nl.RtAttr {
	a := nl.NewRtAttr(unix.NLA_F_NESTED|kind, nil)
	for _, i := range in {
		a.AddChild(i)
	}
	return a
}

func text(kind int, s string) *nl.RtAttr { return nl.NewRtAttr(kind, nl.ZeroTerminated(s)) }
func word(kind int, v uint32) *nl.RtAttr { return nl.NewRtAttr(kind, nl.BEUint32Attr(v)) }
func value(kind int, v []byte) *nl.RtAttr {
	return nested(kind, nl.NewRtAttr(unix.NFTA_DATA_VALUE, v))
}

func compare(op uint32, v []byte) expression {
	return step("cmp", word(unix.NFTA_CMP_SREG, unix.NFT_REG_1), word(unix.NFTA_CMP_OP, op), value(unix.NFTA_CMP_DATA, v))
}

func mask(bits []byte) expression {
	return step("bitwise", word(unix.NFTA_BITWISE_SREG, unix.NFT_REG_1), word(unix.NFTA_BITWISE_DREG, unix.NFT_REG_1),
		word(unix.NFTA_BITWISE_LEN, uint32(len(bits))),
		value(unix.NFTA_BITWISE_MASK, bits), value(unix.NFTA_BITWISE_XOR, make([]byte, len(bits))))
}

func meta(key uint32) expression {
	return step("meta", word(unix.NFTA_META_DREG, unix.NFT_REG_1), word(unix.NFTA_META_KEY, key))
}

// comesIn and goesOut hold for packets of one interface.
func comesIn(name string) []expression { return named(unix.NFT_META_IIFNAME, name) }
func goesOut(name string) []expression { return named(unix.NFT_META_OIFNAME, name) }

func named(key uint32, name string) []expression {
	whole := make([]byte, unix.IFNAMSIZ) // with its zeros: else it would be what a name begins with
	copy(whole, name)
	return []expression{meta(key), compare(unix.NFT_CMP_EQ, whole)}
}

// address holds when the address at an offset of the IPv4 header is in a network, or is not.
func address(offset uint32, op uint32, p netip.Prefix) []expression {
	a, bits := p.Masked().Addr().As4(), binary.BigEndian.AppendUint32(nil, ^uint32(0)<<(32-p.Bits()))
	return []expression{
		step("payload", word(unix.NFTA_PAYLOAD_DREG, unix.NFT_REG_1), word(unix.NFTA_PAYLOAD_BASE, unix.NFT_PAYLOAD_NETWORK_HEADER),
			word(unix.NFTA_PAYLOAD_OFFSET, offset), word(unix.NFTA_PAYLOAD_LEN, uint32(len(a)))),
		mask(bits), compare(op, a[:]),
	}
}

// forThisMachine holds for frames that were sent to the interface's own hardware address.
func forThisMachine() []expression {
	return []expression{meta(unix.NFT_META_PKTTYPE), compare(unix.NFT_CMP_EQ, []byte{packetHost})}
}

// notOurs holds when the destination is no address of this machine.
func notOurs() []expression {
	return []expression{
		step("fib", word(unix.NFTA_FIB_DREG, unix.NFT_REG_1), word(unix.NFTA_FIB_RESULT, unix.NFT_FIB_RESULT_ADDRTYPE), word(unix.NFTA_FIB_FLAGS, unix.NFTA_FIB_F_DADDR)),
		compare(unix.NFT_CMP_NEQ, host32(typeLocal)),
	}
}

// belongs holds for what belongs to a connection that was begun before.
func belongs() []expression {
	return []expression{
		step("ct", word(unix.NFTA_CT_DREG, unix.NFT_REG_1), word(unix.NFTA_CT_KEY, unix.NFT_CT_STATE)),
		mask(host32(established | related)), compare(unix.NFT_CMP_NEQ, host32(0)),
	}
}

func host32(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

func verdict(code uint32) expression {
	return step("immediate", word(unix.NFTA_IMMEDIATE_DREG, unix.NFT_REG_VERDICT),
		nested(unix.NFTA_IMMEDIATE_DATA, nested(unix.NFTA_DATA_VERDICT, word(unix.NFTA_VERDICT_CODE, code))))
}

func accept() []expression { return []expression{verdict(verdictAccept)} }
func drop() []expression   { return []expression{step("counter"), verdict(verdictDrop)} }

// prohibit drops and says so. RFC 1812, 5.2.7.1: code 13, "Communication Administratively Prohibited".
func prohibit() []expression {
	return []expression{step("counter"), step("reject", word(unix.NFTA_REJECT_TYPE, unix.NFT_REJECT_ICMP_UNREACH), nl.NewRtAttr(unix.NFTA_REJECT_ICMP_CODE, []byte{13}))}
}

// masquerade gives the packet, and the rest of its connection, an address of the interface that it goes out of.
func masquerade() []expression { return []expression{step("masq")} }
