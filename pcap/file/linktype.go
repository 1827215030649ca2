package file

import "strconv"

// LinkEthernet is the link type of Ethernet frames.
const LinkEthernet = 1

// linkNames are tcpdump's names of the link types that are met most. https://www.tcpdump.org/linktypes.html
var linkNames = map[uint16]string{
	0: "NULL", 1: "EN10MB (Ethernet)", 6: "IEEE802_5", 9: "PPP", 50: "PPP_SERIAL", 101: "RAW (IP)", 105: "IEEE802_11 (Wi-Fi)",
	108: "LOOP", 113: "LINUX_SLL", 127: "IEEE802_11_RADIO (Wi-Fi)", 147: "USER0", 189: "USB_LINUX", 220: "USB_LINUX_MMAPPED",
	228: "IPV4", 229: "IPV6", 239: "NFLOG", 249: "USBPCAP", 276: "LINUX_SLL2",
}

// LinkName returns a link type's number with its name, where that is known.
func LinkName(t uint16) string {
	if n := linkNames[t]; n != "" {
		return strconv.Itoa(int(t)) + ", " + n
	}
	return strconv.Itoa(int(t))
}
