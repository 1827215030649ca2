package dns

import "httptap/stack/field"

// The fields that are names. There are two sets of them, for a message that begins its layer
// and for one behind the length of TCP: pointers count from the message's first byte.
const (
	nameQuery = iota
	nameRecord
	nameNS
	nameMD
	nameMF
	nameCNAME
	nameMName
	nameRName
	nameMB
	nameMG
	nameMR
	namePTR
	nameMinfoR
	nameMinfoE
	nameMX
	nameMailbox
	nameTXTRR
	nameAFSDB
	nameRT
	nameOwner
	nameSigner
	nameMap822
	nameMap400
	nameNXT
	nameSRV
	nameNAPTR
	nameKX
	namePrefix
	nameDNAME
	nameGateway
	nameNSEC
	nameHIP
	nameTarget
	nameLP
	nameTKEY
	nameTSIG
	nameWins
	nameLink
	nameChain
	numNames
)

var (
	names       = nameSpecs(formatName)
	streamNames = nameSpecs(formatStreamName)
)

func nameSpecs(format func(dst, msg []byte, off, n int) []byte) [numNames]field.Spec {
	s := [numNames]field.Spec{
		nameQuery:   {Name: "dns.qry.name", Label: "Name", Ref: "RFC 1035, 4.1.2"},
		nameRecord:  {Name: "dns.resp.name", Label: "Name", Ref: "RFC 1035, 4.1.3"},
		nameNS:      {Name: "dns.ns", Label: "Name Server", Ref: "RFC 1035, 3.3.11"},
		nameMD:      {Name: "dns.md", Label: "Mail Destination", Ref: "RFC 1035, 3.3.4"},
		nameMF:      {Name: "dns.mf", Label: "Mail Forwarder", Ref: "RFC 1035, 3.3.5"},
		nameCNAME:   {Name: "dns.cname", Label: "CNAME", Ref: "RFC 1035, 3.3.1"},
		nameMName:   {Name: "dns.soa.mname", Label: "Primary name server", Ref: "RFC 1035, 3.3.13"},
		nameRName:   {Name: "dns.soa.rname", Label: "Responsible authority's mailbox", Ref: "RFC 1035, 3.3.13"},
		nameMB:      {Name: "dns.mb", Label: "MailBox Domain", Ref: "RFC 1035, 3.3.3"},
		nameMG:      {Name: "dns.mg", Label: "Mail Group member", Ref: "RFC 1035, 3.3.6"},
		nameMR:      {Name: "dns.mr", Label: "Mail Rename domain", Ref: "RFC 1035, 3.3.8"},
		namePTR:     {Name: "dns.ptr.domain_name", Label: "Domain Name", Ref: "RFC 1035, 3.3.12"},
		nameMinfoR:  {Name: "dns.minfo.r", Label: "Responsible Mailbox", Ref: "RFC 1035, 3.3.7"},
		nameMinfoE:  {Name: "dns.minfo.e", Label: "Error Mailbox", Ref: "RFC 1035, 3.3.7"},
		nameMX:      {Name: "dns.mx.mail_exchange", Label: "Mail Exchange", Ref: "RFC 1035, 3.3.9"},
		nameMailbox: {Name: "dns.rp.mailbox", Label: "Mailbox", Ref: "RFC 1183, 2.2"},
		nameTXTRR:   {Name: "dns.rp.txt_rr", Label: "TXT RR", Ref: "RFC 1183, 2.2"},
		nameAFSDB:   {Name: "dns.afsdb.hostname", Label: "Hostname", Ref: "RFC 1183, 1"},
		nameRT:      {Name: "dns.rt.intermediate_host", Label: "Intermediate Hostname", Ref: "RFC 1183, 3.3"},
		nameOwner:   {Name: "dns.nsap_ptr.owner", Label: "Owner", Ref: "RFC 1348, 5"},
		nameSigner:  {Name: "dns.rrsig.signers_name", Label: "Signer's name", Ref: "RFC 4034, 3.1.7"},
		nameMap822:  {Name: "dns.px.map822", Label: "MAP822", Ref: "RFC 2163, 4"},
		nameMap400:  {Name: "dns.px.map400", Label: "MAPX400", Ref: "RFC 2163, 4"},
		nameNXT:     {Name: "dns.nxt.next_domain_name", Label: "Next Domain Name", Ref: "RFC 2535, 5.2"},
		nameSRV:     {Name: "dns.srv.target", Label: "Target", Ref: "RFC 2782"},
		nameNAPTR:   {Name: "dns.naptr.replacement", Label: "Replacement", Ref: "RFC 3403, 4.1"},
		nameKX:      {Name: "dns.kx.key_exchange", Label: "Key Exchange", Ref: "RFC 2230, 3"},
		namePrefix:  {Name: "dns.a6.prefix_name", Label: "Prefix name", Ref: "RFC 2874, 3.1"},
		nameDNAME:   {Name: "dns.dname", Label: "Dname", Ref: "RFC 6672, 2.1"},
		nameGateway: {Name: "dns.ipseckey.gateway_dns", Label: "DNS Gateway", Ref: "RFC 4025, 2.5"},
		nameNSEC:    {Name: "dns.nsec.next_domain_name", Label: "Next Domain Name", Ref: "RFC 4034, 4.1.1"},
		nameHIP:     {Name: "dns.hip.rendezvous_server", Label: "Rendezvous Server", Ref: "RFC 8005, 5"},
		nameTarget:  {Name: "dns.svcb.targetname", Label: "TargetName", Ref: "RFC 9460, 2.2"},
		nameLP:      {Name: "dns.ilnp.lp", Label: "Locator FQDN", Ref: "RFC 6742, 2.4"},
		nameTKEY:    {Name: "dns.tkey.algo_name", Label: "Algorithm name", Ref: "RFC 2930, 2.1"},
		nameTSIG:    {Name: "dns.tsig.algorithm_name", Label: "Algorithm Name", Ref: "RFC 8945, 4.2"},
		nameWins:    {Name: "dns.winsr.name_result_domain", Label: "Name Result Domain", Ref: "MS-DNSP, 2.2.2.2.4.9"},
		nameLink:    {Name: "dns.talink.name", Label: "Trust Anchor Link", Ref: "draft-ietf-dnsop-dnssec-trust-history, 2"},
		nameChain:   {Name: "dns.opt.chain.fqdn", Label: "Closest Trust Point", Ref: "RFC 7901, 4"},
	}
	for i := range s {
		s[i].Kind, s[i].Class, s[i].Format = field.Custom, field.Name, format
	}
	return s
}

// more returns what follows the header, with one of the two sets of names.
func more(names *[numNames]field.Spec) []*field.Spec {
	list := []*field.Spec{&specQuery, &specRecord, &specQryType, &specQryClass, &specType, &specClass, &specTTL, &specLen,
		&specQU, &specQryClass15, &specFlush, &specClass15, &specUDPSize15, &countZones, &countPrerequisites, &countUpdates,
		&specUDPSize, &specExtCode, &specVersion, &specZ, &specOption, &specOptCode, &specOptLen}
	list = append(append(list, field.Pointers(names[:])...), field.Pointers(sections[:])...)
	add := func(f *form) {
		for _, p := range f.parts {
			if p.spec != nil {
				list = append(list, p.spec)
			}
			if p.text != nil {
				list = append(list, p.text)
			}
		}
		list = append(list, f.adds...)
	}
	for _, f := range forms {
		add(f)
	}
	for _, f := range optionForms {
		if f != nil {
			add(f)
		}
	}
	add(&formOption)
	add(&formData)
	return append(list, dsoSpecs...)
}
