package tls

import "httptap/stack/field"

// Layout is the field table of TLS over a stream.
var Layout = field.Layout{
	Spec:  field.Spec{Name: "tls", Label: "Transport Layer Security", Kind: field.Layer, Ref: "RFC 8446, 5"},
	Title: "TLS [RFC8446]",
	Tail:  tail,
	More:  func() []*field.Spec { return named(&stream, "tls.") },
	Guess: IsStream,
}

// A table holds the fields of one of the two protocols by their index.
type table [numFields]field.Spec

// The fields, of TLS and of DTLS.
const (
	fRecord = iota
	fContentType
	fOpaqueType
	fRecordVersion
	fEpoch
	fSequence
	fRecordCID
	fRecordLength
	fAppData
	fContinuation
	fCCS
	fAlert
	fAlertOpaque
	fAlertLevel
	fAlertDesc
	fHeartbeat
	fHeartbeatOpaque
	fHeartbeatType
	fHeartbeatLength
	fHeartbeatPayload
	fHeartbeatPadding
	fEncrypted
	fUnknownRecord

	fHandshake
	fHandshakeOpaque
	fHandshakeType
	fHandshakeLength
	fMessageSeq
	fFragmentOffset
	fFragmentLength
	fFragment
	fVersion
	fRandom
	fRandomNew
	fSessionIDLength
	fSessionID
	fCookieLength
	fCookie
	fSuitesLength
	fSuites
	fSuite
	fMethodsLength
	fMethods
	fMethod
	fExtensionsLength
	fTicketLifetime
	fTicketAgeAdd
	fTicketNonceLength
	fTicketNonce
	fTicketLength
	fTicket
	fContextLength
	fContext
	fCertificatesLength
	fCertificates
	fCertificateLength
	fCertificate
	fCertTypesCount
	fCertTypes
	fCertType
	fDNamesLength
	fDNames
	fDNameLength
	fDNameHead
	fDName
	fVerifyLength
	fVerify
	fVerifyData
	fKeyUpdate
	fStatusType
	fOCSPLength
	fOCSP
	fCompressAlgorithm
	fCompressSize
	fCompressLength
	fCompressed

	fCurveType
	fNamedCurve
	fServerPointLength
	fServerPoint
	fClientPointLength
	fClientPoint
	fPLength
	fP
	fGLength
	fG
	fYsLength
	fYs
	fYcLength
	fYc
	fSigLength
	fSig
	fEPMSLength
	fEPMS
	fHintLength
	fHint
	fIdentityLength
	fIdentity
	fExchange

	fExtension
	fExtType
	fExtLength
	fExtData
	fSNIListLength
	fSNIType
	fSNILength
	fSNI
	fMaxFragment
	fStatusIDsLength
	fStatusIDs
	fStatusExtsLength
	fStatusExts
	fStatusListLength
	fStatusLength
	fExtStatusType
	fGroupsLength
	fGroups
	fGroup
	fFormatsLength
	fFormats
	fFormat
	fSigAlgsLength
	fSigAlgs
	fSigAlg
	fALPNLength
	fALPNList
	fALPNStringLength
	fALPN
	fALPSLength
	fALPSList
	fALPSStringLength
	fALPS
	fNPNLength
	fNPN
	fHeartbeatMode
	fSCTsLength
	fSCTLength
	fSCTVersion
	fSCTLogID
	fSCTTime
	fSCTExtsLength
	fSCTExts
	fSCTSigLength
	fSCTSig
	fTypeListLength
	fTypeList
	fTypeItem
	fPadding
	fAlgorithmsLength
	fAlgorithm
	fRecordSizeLimit
	fPSKIdentitiesLength
	fPSKIdentity
	fPSKIdentityLength
	fPSKIdentityData
	fPSKAge
	fPSKBindersLength
	fPSKBinders
	fPSKBinderLength
	fPSKBinder
	fPSKSelected
	fEarlyDataSize
	fVersionsLength
	fSupportedVersion
	fExtCookieLength
	fExtCookie
	fModesLength
	fMode
	fFiltersLength
	fFilterOIDLength
	fFilterOID
	fFilterValuesLength
	fFilterValues
	fShareListLength
	fShare
	fShareGroup
	fShareLength
	fShareData
	fShareSelected
	fRenegotiationLength
	fRenegotiation
	fCIDLength
	fCID
	fProfilesLength
	fProfile
	fMKILength
	fMKI

	numFields
)

// stream are the fields of TLS. Those of the other protocol alone have their names there.
var stream = table{
	fRecord:           {Name: "tls.record", Label: "Record Layer", Kind: field.Group, Ref: "RFC 8446, 5.1"},
	fContentType:      {Name: "tls.record.content_type", Label: "Content Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: contentTypes, Ref: "RFC 8446, 5.1"},
	fOpaqueType:       {Name: "tls.record.opaque_type", Label: "Opaque Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: contentTypes, Ref: "RFC 8446, 5.2"},
	fRecordVersion:    {Name: "tls.record.version", Label: "Version", Bits: 16, Kind: field.Hex, Values: versions, Ref: "RFC 8446, 5.1"},
	fEpoch:            {Name: "dtls.record.epoch", Label: "Epoch", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 6347, 4.1"},
	fSequence:         {Name: "dtls.record.sequence_number", Label: "Sequence Number", Bits: 48, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 6347, 4.1"},
	fRecordCID:        {Name: "dtls.record.connection_id", Label: "Connection ID", Kind: field.Bytes, Ref: "RFC 9146, 4"},
	fRecordLength:     {Name: "tls.record.length", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 5.1"},
	fAppData:          {Name: "tls.app_data", Label: "Encrypted Application Data", Kind: field.Payload, Ref: "RFC 8446, 5.2"},
	fContinuation:     {Name: "tls.continuation", Label: "Continuation Data", Kind: field.Payload, Ref: "RFC 8446, 5.1"},
	fCCS:              {Name: "tls.change_cipher_spec", Label: "Change Cipher Spec Message", Kind: field.Payload, Ref: "RFC 5246, 7.1"},
	fAlert:            {Name: "tls.alert_message", Label: "Alert Message", Kind: field.Group, Ref: "RFC 8446, 6"},
	fAlertOpaque:      {Name: "tls.alert_message", Label: "Encrypted Alert", Kind: field.Payload, Ref: "RFC 8446, 6"},
	fAlertLevel:       {Name: "tls.alert_message.level", Label: "Level", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "Warning", 2: "Fatal"}, Ref: "RFC 8446, 6"},
	fAlertDesc:        {Name: "tls.alert_message.desc", Label: "Description", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: alerts, Ref: "RFC 8446, 6"},
	fHeartbeat:        {Name: "tls.heartbeat_message", Label: "Heartbeat Message", Kind: field.Group, Ref: "RFC 6520, 4"},
	fHeartbeatOpaque:  {Name: "tls.heartbeat_message", Label: "Encrypted Heartbeat", Kind: field.Payload, Ref: "RFC 6520, 4"},
	fHeartbeatType:    {Name: "tls.heartbeat_message.type", Label: "Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: field.Values{1: "Request", 2: "Response"}, Ref: "RFC 6520, 4"},
	fHeartbeatLength:  {Name: "tls.heartbeat_message.payload_length", Label: "Payload Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6520, 4"},
	fHeartbeatPayload: {Name: "tls.heartbeat_message.payload", Label: "Payload", Kind: field.Bytes, Ref: "RFC 6520, 4"},
	fHeartbeatPadding: {Name: "tls.heartbeat_message.padding", Label: "Padding", Kind: field.Padding, Ref: "RFC 6520, 4"},
	fEncrypted:        {Name: "dtls.enc_content", Label: "Encrypted Record Content", Kind: field.Payload, Ref: "RFC 9146, 4"},
	fUnknownRecord:    {Name: "tls.record.data", Label: "Record of an unknown type", Kind: field.Payload, Ref: "RFC 8446, 5.1"},

	fHandshake:          {Name: "tls.handshake", Label: "Handshake Protocol", Kind: field.Group, Ref: "RFC 8446, 4"},
	fHandshakeOpaque:    {Name: "tls.handshake", Label: "Encrypted Handshake Message", Kind: field.Payload, Ref: "RFC 8446, 4"},
	fHandshakeType:      {Name: "tls.handshake.type", Label: "Handshake Type", Bits: 8, Kind: field.Uint, Class: field.Operation, Values: handshakeTypes, Ref: "RFC 8446, 4"},
	fHandshakeLength:    {Name: "tls.handshake.length", Label: "Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4"},
	fMessageSeq:         {Name: "dtls.handshake.message_seq", Label: "Message Sequence", Bits: 16, Kind: field.Uint, Class: field.Sequence, Ref: "RFC 6347, 4.2.2"},
	fFragmentOffset:     {Name: "dtls.handshake.fragment_offset", Label: "Fragment Offset", Bits: 24, Kind: field.Uint, Unit: "bytes", Ref: "RFC 6347, 4.2.2"},
	fFragmentLength:     {Name: "dtls.handshake.fragment_length", Label: "Fragment Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6347, 4.2.2"},
	fFragment:           {Name: "dtls.handshake.fragment", Label: "Fragment", Kind: field.Payload, Ref: "RFC 6347, 4.2.3"},
	fVersion:            {Name: "tls.handshake.version", Label: "Version", Bits: 16, Kind: field.Hex, Values: versions, Ref: "RFC 8446, 4.1.2"},
	fRandomNew:          {Name: "tls.handshake.random", Label: "Random", Kind: field.Bytes, Ref: "RFC 8446, 4.1.2"},
	fRandom:             random,
	fSessionIDLength:    {Name: "tls.handshake.session_id_length", Label: "Session ID Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.1.2"},
	fSessionID:          {Name: "tls.handshake.session_id", Label: "Session ID", Kind: field.Bytes, Ref: "RFC 8446, 4.1.2"},
	fCookieLength:       {Name: "dtls.handshake.cookie_length", Label: "Cookie Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6347, 4.2.1"},
	fCookie:             {Name: "dtls.handshake.cookie", Label: "Cookie", Kind: field.Bytes, Ref: "RFC 6347, 4.2.1"},
	fSuitesLength:       {Name: "tls.handshake.cipher_suites_length", Label: "Cipher Suites Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.1.2"},
	fSuites:             {Name: "tls.handshake.ciphersuites", Label: "Cipher Suites", Kind: field.Group, Ref: "RFC 8446, 4.1.2"},
	fSuite:              {Name: "tls.handshake.ciphersuite", Label: "Cipher Suite", Bits: 16, Kind: field.Hex, Values: cipherSuites, Ref: "RFC 8446, B.4"},
	fMethodsLength:      {Name: "tls.handshake.comp_methods_length", Label: "Compression Methods Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.1.2"},
	fMethods:            {Name: "tls.handshake.comp_methods", Label: "Compression Methods", Kind: field.Group, Ref: "RFC 8446, 4.1.2"},
	fMethod:             {Name: "tls.handshake.comp_method", Label: "Compression Method", Bits: 8, Kind: field.Uint, Values: field.Values{0: "null", 1: "DEFLATE", 64: "LZS"}, Ref: "RFC 3749, 2"},
	fExtensionsLength:   {Name: "tls.handshake.extensions_length", Label: "Extensions Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.1.2"},
	fTicketLifetime:     {Name: "tls.handshake.session_ticket_lifetime_hint", Label: "Session Ticket Lifetime Hint", Bits: 32, Kind: field.Seconds, Ref: "RFC 8446, 4.6.1"},
	fTicketAgeAdd:       {Name: "tls.handshake.session_ticket_age_add", Label: "Session Ticket Age Add", Bits: 32, Kind: field.Uint, Ref: "RFC 8446, 4.6.1"},
	fTicketNonceLength:  {Name: "tls.handshake.session_ticket_nonce_length", Label: "Session Ticket Nonce Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.6.1"},
	fTicketNonce:        {Name: "tls.handshake.session_ticket_nonce", Label: "Session Ticket Nonce", Kind: field.Bytes, Ref: "RFC 8446, 4.6.1"},
	fTicketLength:       {Name: "tls.handshake.session_ticket_length", Label: "Session Ticket Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.6.1"},
	fTicket:             {Name: "tls.handshake.session_ticket", Label: "Session Ticket", Kind: field.Bytes, Ref: "RFC 8446, 4.6.1"},
	fContextLength:      {Name: "tls.handshake.certificate_request_context_length", Label: "Certificate Request Context Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.3.2"},
	fContext:            {Name: "tls.handshake.certificate_request_context", Label: "Certificate Request Context", Kind: field.Bytes, Ref: "RFC 8446, 4.3.2"},
	fCertificatesLength: {Name: "tls.handshake.certificates_length", Label: "Certificates Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.4.2"},
	fCertificates:       {Name: "tls.handshake.certificates", Label: "Certificates", Kind: field.Group, Ref: "RFC 8446, 4.4.2"},
	fCertificateLength:  {Name: "tls.handshake.certificate_length", Label: "Certificate Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.4.2"},
	fCertificate:        {Name: "tls.handshake.certificate", Label: "Certificate", Kind: field.Payload, Ref: "RFC 5280, 4.1"},
	fCertTypesCount:     {Name: "tls.handshake.cert_types_count", Label: "Certificate types count", Bits: 8, Kind: field.Uint, Class: field.Length, Ref: "RFC 5246, 7.4.4"},
	fCertTypes:          {Name: "tls.handshake.cert_types", Label: "Certificate types", Kind: field.Group, Ref: "RFC 5246, 7.4.4"},
	fCertType:           {Name: "tls.handshake.cert_type", Label: "Certificate type", Bits: 8, Kind: field.Uint, Values: certificateTypes, Ref: "RFC 5246, 7.4.4"},
	fDNamesLength:       {Name: "tls.handshake.dnames_len", Label: "Distinguished Names Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.4"},
	fDNames:             {Name: "tls.handshake.dnames", Label: "Distinguished Names", Kind: field.Group, Ref: "RFC 5246, 7.4.4"},
	fDNameLength:        {Name: "tls.handshake.dname_len", Label: "Distinguished Name Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.4"},
	fDNameHead:          {Name: "tls.handshake.dname.head", Label: "SEQUENCE and its length", Kind: field.Bytes, Ref: "X.690, 8.9"},
	fDName:              {Name: "tls.handshake.dname", Label: "Distinguished Name", Kind: field.Payload, Ref: "RFC 5280, 4.1.2.4"},
	fVerifyLength:       {Name: "tls.handshake.client_cert_vrfy.sig_len", Label: "Signature length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.4.3"},
	fVerify:             {Name: "tls.handshake.client_cert_vrfy.sig", Label: "Signature", Kind: field.Bytes, Ref: "RFC 8446, 4.4.3"},
	fVerifyData:         {Name: "tls.handshake.verify_data", Label: "Verify Data", Kind: field.Payload, Ref: "RFC 8446, 4.4.4"},
	fKeyUpdate:          {Name: "tls.handshake.key_update.request_update", Label: "Key Update Request", Bits: 8, Kind: field.Uint, Values: field.Values{0: "update_not_requested", 1: "update_requested"}, Ref: "RFC 8446, 4.6.3"},
	fStatusType:         {Name: "tls.handshake.extensions_status_request_type", Label: "Certificate Status Type", Bits: 8, Kind: field.Uint, Values: statusTypes, Ref: "RFC 6066, 8"},
	fOCSPLength:         {Name: "tls.handshake.ocsp_response_len", Label: "OCSP Response Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6066, 8"},
	fOCSP:               {Name: "tls.handshake.ocsp_response", Label: "OCSP Response", Kind: field.Payload, Ref: "RFC 6960, 4.2.1"},
	fCompressAlgorithm:  {Name: "tls.compress_certificate.algorithm", Label: "Algorithm", Bits: 16, Kind: field.Uint, Values: compressions, Ref: "RFC 8879, 4"},
	fCompressSize:       {Name: "tls.compress_certificate.uncompressed_length", Label: "Uncompressed Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8879, 4"},
	fCompressLength:     {Name: "tls.compress_certificate.compressed_certificate_message.length", Label: "Length", Bits: 24, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8879, 4"},
	fCompressed:         {Name: "tls.compress_certificate.compressed_certificate_message", Label: "Compressed Certificate Message", Kind: field.Payload, Ref: "RFC 8879, 4"},

	fCurveType:         {Name: "tls.handshake.server_curve_type", Label: "Curve Type", Bits: 8, Kind: field.Hex, Values: field.Values{1: "explicit_prime", 2: "explicit_char2", 3: "named_curve"}, Ref: "RFC 8422, 5.4"},
	fNamedCurve:        {Name: "tls.handshake.server_named_curve", Label: "Named Curve", Bits: 16, Kind: field.Hex, Values: groups, Ref: "RFC 8422, 5.4"},
	fServerPointLength: {Name: "tls.handshake.server_point_len", Label: "Pubkey Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8422, 5.4"},
	fServerPoint:       {Name: "tls.handshake.server_point", Label: "Pubkey", Kind: field.Bytes, Ref: "RFC 8422, 5.4"},
	fClientPointLength: {Name: "tls.handshake.client_point_len", Label: "Pubkey Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8422, 5.7"},
	fClientPoint:       {Name: "tls.handshake.client_point", Label: "Pubkey", Kind: field.Bytes, Ref: "RFC 8422, 5.7"},
	fPLength:           {Name: "tls.handshake.p_len", Label: "p Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.3"},
	fP:                 {Name: "tls.handshake.p", Label: "p", Kind: field.Bytes, Ref: "RFC 5246, 7.4.3"},
	fGLength:           {Name: "tls.handshake.g_len", Label: "g Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.3"},
	fG:                 {Name: "tls.handshake.g", Label: "g", Kind: field.Bytes, Ref: "RFC 5246, 7.4.3"},
	fYsLength:          {Name: "tls.handshake.ys_len", Label: "Pubkey Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.3"},
	fYs:                {Name: "tls.handshake.ys", Label: "Pubkey", Kind: field.Bytes, Ref: "RFC 5246, 7.4.3"},
	fYcLength:          {Name: "tls.handshake.yc_len", Label: "Pubkey Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.7.2"},
	fYc:                {Name: "tls.handshake.yc", Label: "Pubkey", Kind: field.Bytes, Ref: "RFC 5246, 7.4.7.2"},
	fSigLength:         {Name: "tls.handshake.sig_len", Label: "Signature Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.3"},
	fSig:               {Name: "tls.handshake.sig", Label: "Signature", Kind: field.Bytes, Ref: "RFC 5246, 7.4.3"},
	fEPMSLength:        {Name: "tls.handshake.epms_len", Label: "Encrypted PreMaster length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5246, 7.4.7.1"},
	fEPMS:              {Name: "tls.handshake.epms", Label: "Encrypted PreMaster", Kind: field.Bytes, Ref: "RFC 5246, 7.4.7.1"},
	fHintLength:        {Name: "tls.handshake.hint_len", Label: "Hint Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4279, 2"},
	fHint:              {Name: "tls.handshake.hint", Label: "Hint", Kind: field.Bytes, Ref: "RFC 4279, 2"},
	fIdentityLength:    {Name: "tls.handshake.identity_len", Label: "Identity Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 4279, 2"},
	fIdentity:          {Name: "tls.handshake.identity", Label: "Identity", Kind: field.Bytes, Ref: "RFC 4279, 2"},
	fExchange:          {Name: "tls.handshake.exchange", Label: "Key exchange of an unknown method", Kind: field.Bytes, Ref: "RFC 5246, 7.4.7"},

	fExtension:           {Name: "tls.handshake.extension", Label: "Extension", Kind: field.Group, Ref: "RFC 8446, 4.2"},
	fExtType:             {Name: "tls.handshake.extension.type", Label: "Type", Bits: 16, Kind: field.Uint, Values: extensionTypes, Ref: "RFC 8446, 4.2"},
	fExtLength:           {Name: "tls.handshake.extension.len", Label: "Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2"},
	fExtData:             {Name: "tls.handshake.extension.data", Label: "Data", Kind: field.Bytes, Ref: "RFC 8446, 4.2"},
	fSNIListLength:       {Name: "tls.handshake.extensions_server_name_list_len", Label: "Server Name list length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6066, 3"},
	fSNIType:             {Name: "tls.handshake.extensions_server_name_type", Label: "Server Name Type", Bits: 8, Kind: field.Uint, Values: field.Values{0: "host_name"}, Ref: "RFC 6066, 3"},
	fSNILength:           {Name: "tls.handshake.extensions_server_name_len", Label: "Server Name length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6066, 3"},
	fSNI:                 {Name: "tls.handshake.extensions_server_name", Label: "Server Name", Kind: field.Text, Class: field.Name, Ref: "RFC 6066, 3"},
	fMaxFragment:         {Name: "tls.handshake.max_fragment_length", Label: "Maximum Fragment Length", Bits: 8, Kind: field.Uint, Values: field.Values{1: "512", 2: "1024", 3: "2048", 4: "4096"}, Ref: "RFC 6066, 4"},
	fExtStatusType:       {Name: "tls.handshake.extensions_status_request_type", Label: "Certificate Status Type", Bits: 8, Kind: field.Uint, Values: statusTypes, Ref: "RFC 6066, 8"},
	fStatusIDsLength:     {Name: "tls.handshake.extensions_status_request_responder_ids_len", Label: "Responder ID list Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6066, 8"},
	fStatusIDs:           {Name: "tls.handshake.extensions_status_request_responder_ids", Label: "Responder ID list", Kind: field.Bytes, Ref: "RFC 6066, 8"},
	fStatusExtsLength:    {Name: "tls.handshake.extensions_status_request_exts_len", Label: "Request Extensions Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6066, 8"},
	fStatusExts:          {Name: "tls.handshake.extensions_status_request_exts", Label: "Request Extensions", Kind: field.Bytes, Ref: "RFC 6066, 8"},
	fStatusListLength:    {Name: "tls.handshake.extensions_status_request_list_len", Label: "Certificate Status List Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6961, 2.2"},
	fStatusLength:        {Name: "tls.handshake.extensions_status_request_len", Label: "Certificate Status Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6961, 2.2"},
	fGroupsLength:        {Name: "tls.handshake.extensions_supported_groups_length", Label: "Supported Groups List Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.7"},
	fGroups:              {Name: "tls.handshake.extensions_supported_groups", Label: "Supported Groups List", Kind: field.Group, Ref: "RFC 8446, 4.2.7"},
	fGroup:               {Name: "tls.handshake.extensions_supported_group", Label: "Supported Group", Bits: 16, Kind: field.Hex, Values: groups, Ref: "RFC 8446, 4.2.7"},
	fFormatsLength:       {Name: "tls.handshake.extensions_ec_point_formats_length", Label: "EC point formats Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8422, 5.1.2"},
	fFormats:             {Name: "tls.handshake.extensions_ec_point_formats", Label: "EC point formats", Kind: field.Group, Ref: "RFC 8422, 5.1.2"},
	fFormat:              {Name: "tls.handshake.extensions_ec_point_format", Label: "EC point format", Bits: 8, Kind: field.Uint, Values: field.Values{0: "uncompressed", 1: "ansiX962_compressed_prime", 2: "ansiX962_compressed_char2"}, Ref: "RFC 8422, 5.1.2"},
	fSigAlgsLength:       {Name: "tls.handshake.sig_hash_alg_len", Label: "Signature Hash Algorithms Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.3"},
	fSigAlgs:             {Name: "tls.handshake.sig_hash_algs", Label: "Signature Algorithms", Kind: field.Group, Ref: "RFC 8446, 4.2.3"},
	fSigAlg:              signatureAlgorithm,
	fALPNLength:          {Name: "tls.handshake.extensions_alpn_len", Label: "ALPN Extension Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 7301, 3.1"},
	fALPNList:            {Name: "tls.handshake.extensions_alpn_list", Label: "ALPN Protocol", Kind: field.Group, Ref: "RFC 7301, 3.1"},
	fALPNStringLength:    {Name: "tls.handshake.extensions_alpn_str_len", Label: "ALPN string length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 7301, 3.1"},
	fALPN:                {Name: "tls.handshake.extensions_alpn_str", Label: "ALPN Next Protocol", Kind: field.Text, Class: field.Name, Ref: "RFC 7301, 3.1"},
	fALPSLength:          {Name: "tls.handshake.extensions_alps_len", Label: "ALPS Extension Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "draft-vvv-tls-alps-01, 4"},
	fALPSList:            {Name: "tls.handshake.extensions_alps_alpn_list", Label: "Supported ALPN List", Kind: field.Group, Ref: "draft-vvv-tls-alps-01, 4"},
	fALPSStringLength:    {Name: "tls.handshake.extensions_alps_alpn_str_len", Label: "Supported ALPN Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "draft-vvv-tls-alps-01, 4"},
	fALPS:                {Name: "tls.handshake.extensions_alps_alpn_str", Label: "Supported ALPN", Kind: field.Text, Ref: "draft-vvv-tls-alps-01, 4"},
	fNPNLength:           {Name: "tls.handshake.extensions_npn_str_len", Label: "Protocol string length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "draft-agl-tls-nextprotoneg-04, 3"},
	fNPN:                 {Name: "tls.handshake.extensions_npn", Label: "Next Protocol", Kind: field.Text, Ref: "draft-agl-tls-nextprotoneg-04, 3"},
	fHeartbeatMode:       {Name: "tls.handshake.extension.heartbeat.mode", Label: "Mode", Bits: 8, Kind: field.Uint, Values: field.Values{1: "Peer allowed to send requests", 2: "Peer not allowed to send requests"}, Ref: "RFC 6520, 2"},
	fSCTsLength:          {Name: "tls.sct.scts_length", Label: "Serialized SCT List Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6962, 3.3"},
	fSCTLength:           {Name: "tls.sct.sct_length", Label: "Serialized SCT Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6962, 3.3"},
	fSCTVersion:          {Name: "tls.sct.sct_version", Label: "SCT Version", Bits: 8, Kind: field.Uint, Ref: "RFC 6962, 3.2"},
	fSCTLogID:            {Name: "tls.sct.sct_logid", Label: "Log ID", Kind: field.Bytes, Ref: "RFC 6962, 3.2"},
	fSCTTime:             {Name: "tls.sct.sct_timestamp", Label: "Timestamp", Bits: 64, Kind: field.Custom, Class: field.Timestamp, Format: appendMilliseconds, Ref: "RFC 6962, 3.2"},
	fSCTExtsLength:       {Name: "tls.sct.sct_extensions_length", Label: "Extensions length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6962, 3.2"},
	fSCTExts:             {Name: "tls.sct.sct_extensions", Label: "Extensions", Kind: field.Bytes, Ref: "RFC 6962, 3.2"},
	fSCTSigLength:        {Name: "tls.sct.sct_signature_length", Label: "Signature Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 6962, 3.2"},
	fSCTSig:              {Name: "tls.sct.sct_signature", Label: "Signature", Kind: field.Bytes, Ref: "RFC 6962, 3.2"},
	fTypeListLength:      {Name: "tls.handshake.cert_type.types_len", Label: "Certificate Type List Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 7250, 3"},
	fTypeList:            {Name: "tls.handshake.cert_type.types", Label: "Certificate Type List", Kind: field.Group, Ref: "RFC 7250, 3"},
	fTypeItem:            {Name: "tls.handshake.cert_type.type", Label: "Certificate Type", Bits: 8, Kind: field.Hex, Values: field.Values{0: "X.509", 1: "OpenPGP", 2: "Raw Public Key"}, Ref: "RFC 7250, 3"},
	fPadding:             {Name: "tls.handshake.extensions_padding_data", Label: "Padding Data", Kind: field.Padding, Ref: "RFC 7685, 3"},
	fAlgorithmsLength:    {Name: "tls.compress_certificate.algorithms_length", Label: "Algorithms Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8879, 3"},
	fAlgorithm:           {Name: "tls.compress_certificate.algorithm", Label: "Algorithm", Bits: 16, Kind: field.Uint, Values: compressions, Ref: "RFC 8879, 3"},
	fRecordSizeLimit:     {Name: "tls.record_size_limit", Label: "Record Size Limit", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8449, 4"},
	fPSKIdentitiesLength: {Name: "tls.handshake.extensions.psk.identities.length", Label: "Identities Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.11"},
	fPSKIdentity:         {Name: "tls.handshake.extensions.psk.identity", Label: "PSK Identity", Kind: field.Group, Ref: "RFC 8446, 4.2.11"},
	fPSKIdentityLength:   {Name: "tls.handshake.extensions.psk.identity.identity_length", Label: "Identity Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.11"},
	fPSKIdentityData:     {Name: "tls.handshake.extensions.psk.identity.identity", Label: "Identity", Kind: field.Bytes, Ref: "RFC 8446, 4.2.11"},
	fPSKAge:              {Name: "tls.handshake.extensions.psk.identity.obfuscated_ticket_age", Label: "Obfuscated Ticket Age", Bits: 32, Kind: field.Uint, Ref: "RFC 8446, 4.2.11"},
	fPSKBindersLength:    {Name: "tls.handshake.extensions.psk.binders_len", Label: "PSK Binders length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.11"},
	fPSKBinders:          {Name: "tls.handshake.extensions.psk.binders", Label: "PSK Binders", Kind: field.Group, Ref: "RFC 8446, 4.2.11"},
	fPSKBinderLength:     {Name: "tls.handshake.extensions.psk.binder_len", Label: "Binder Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.11"},
	fPSKBinder:           {Name: "tls.handshake.extensions.psk.binder", Label: "Binder", Kind: field.Bytes, Ref: "RFC 8446, 4.2.11"},
	fPSKSelected:         {Name: "tls.handshake.extensions.psk.identity.selected", Label: "Selected Identity", Bits: 16, Kind: field.Uint, Ref: "RFC 8446, 4.2.11"},
	fEarlyDataSize:       {Name: "tls.early_data.max_early_data_size", Label: "Maximum Early Data Size", Bits: 32, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.10"},
	fVersionsLength:      {Name: "tls.handshake.extensions.supported_versions_len", Label: "Supported Versions length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.1"},
	fSupportedVersion:    {Name: "tls.handshake.extensions.supported_version", Label: "Supported Version", Bits: 16, Kind: field.Hex, Values: versions, Ref: "RFC 8446, 4.2.1"},
	fExtCookieLength:     {Name: "tls.handshake.extensions.cookie_len", Label: "Cookie length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.2"},
	fExtCookie:           {Name: "tls.handshake.extensions.cookie", Label: "Cookie", Kind: field.Bytes, Ref: "RFC 8446, 4.2.2"},
	fModesLength:         {Name: "tls.extension.psk_ke_modes_length", Label: "PSK Key Exchange Modes Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.9"},
	fMode:                {Name: "tls.extension.psk_ke_mode", Label: "PSK Key Exchange Mode", Bits: 8, Kind: field.Uint, Values: field.Values{0: "PSK-only key establishment (psk_ke)", 1: "PSK with (EC)DHE key establishment (psk_dhe_ke)"}, Ref: "RFC 8446, 4.2.9"},
	fFiltersLength:       {Name: "tls.extension.oid_filters_length", Label: "OID Filters Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.5"},
	fFilterOIDLength:     {Name: "tls.extension.oid_filters.oid_length", Label: "Certificate Extension OID Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.5"},
	fFilterOID:           {Name: "tls.extension.oid_filters.oid", Label: "Certificate Extension OID", Kind: field.Bytes, Ref: "RFC 8446, 4.2.5"},
	fFilterValuesLength:  {Name: "tls.extension.oid_filters.values_length", Label: "Certificate Extension Values Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.5"},
	fFilterValues:        {Name: "tls.extension.oid_filters.values", Label: "Certificate Extension Values", Kind: field.Bytes, Ref: "RFC 8446, 4.2.5"},
	fShareListLength:     {Name: "tls.handshake.extensions_key_share_client_length", Label: "Client Key Share Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.8"},
	fShare:               {Name: "tls.handshake.extensions_key_share", Label: "Key Share Entry", Kind: field.Group, Ref: "RFC 8446, 4.2.8"},
	fShareGroup:          {Name: "tls.handshake.extensions_key_share_group", Label: "Group", Bits: 16, Kind: field.Uint, Values: groups, Ref: "RFC 8446, 4.2.8"},
	fShareLength:         {Name: "tls.handshake.extensions_key_share_key_exchange_length", Label: "Key Exchange Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 8446, 4.2.8"},
	fShareData:           {Name: "tls.handshake.extensions_key_share_key_exchange", Label: "Key Exchange", Kind: field.Bytes, Ref: "RFC 8446, 4.2.8"},
	fShareSelected:       {Name: "tls.handshake.extensions_key_share_selected_group", Label: "Selected Group", Bits: 16, Kind: field.Uint, Values: groups, Ref: "RFC 8446, 4.2.8"},
	fRenegotiationLength: {Name: "tls.handshake.extensions_reneg_info_len", Label: "Renegotiation info extension length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5746, 3.2"},
	fRenegotiation:       {Name: "tls.handshake.extensions_reneg_info", Label: "Renegotiation info", Kind: field.Bytes, Ref: "RFC 5746, 3.2"},
	fCIDLength:           {Name: "tls.connection_id_length", Label: "Connection ID length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 9146, 3"},
	fCID:                 {Name: "tls.connection_id", Label: "Connection ID", Kind: field.Bytes, Ref: "RFC 9146, 3"},
	fProfilesLength:      {Name: "dtls.use_srtp.protection_profiles_length", Label: "SRTP Protection Profiles Length", Bits: 16, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5764, 4.1.1"},
	fProfile:             {Name: "dtls.use_srtp.protection_profile", Label: "SRTP Protection Profile", Bits: 16, Kind: field.Hex, Values: srtpProfiles, Ref: "RFC 5764, 4.1.2"},
	fMKILength:           {Name: "dtls.use_srtp.mki_length", Label: "MKI Length", Bits: 8, Kind: field.Uint, Class: field.Length, Unit: "bytes", Ref: "RFC 5764, 4.1.1"},
	fMKI:                 {Name: "dtls.use_srtp.mki", Label: "MKI", Kind: field.Bytes, Ref: "RFC 5764, 4.1.3"},
}

// random is a Random of TLS 1.2 and before, which may begin with the time. RFC 5246, 7.4.1.2
var random = field.Spec{Name: "tls.handshake.random", Label: "Random", Bits: 256, Kind: field.Bytes, Ref: "RFC 5246, 7.4.1.2", Sub: []field.Spec{
	{Name: "tls.handshake.random_time", Label: "GMT Unix Time", Bits: 32, Kind: field.Custom, Format: appendSeconds, Ref: "RFC 5246, 7.4.1.2"},
	{Name: "tls.handshake.random_bytes", Label: "Random Bytes", Bits: 224, Kind: field.Bytes, Ref: "RFC 5246, 7.4.1.2"},
}}

// signatureAlgorithm is one number since TLS 1.3 and was two before. RFC 5246, 7.4.1.4.1
var signatureAlgorithm = field.Spec{Name: "tls.handshake.sig_hash_alg", Label: "Signature Algorithm", Bits: 16, Kind: field.Hex, Values: signatureSchemes, Ref: "RFC 8446, 4.2.3", Sub: []field.Spec{
	{Name: "tls.handshake.sig_hash_hash", Label: "Signature Hash Algorithm Hash", Bits: 8, Kind: field.Uint, Values: hashes, Ref: "RFC 5246, 7.4.1.4.1"},
	{Name: "tls.handshake.sig_hash_sig", Label: "Signature Hash Algorithm Signature", Bits: 8, Kind: field.Uint, Values: signatures, Ref: "RFC 5246, 7.4.1.4.1"},
}}

// What can be wrong, besides what any layer can have.
var (
	faultTrail   = field.Fault{Name: "tls.malformed.trailing_data", Label: "bytes behind the end of what is here", Severity: field.Error}
	faultRecord  = field.Fault{Name: "tls.record.length.invalid", Label: "a record may not be of this length", Severity: field.Error}
	faultVersion = field.Fault{Name: "tls.record.version.unknown", Label: "nobody knows this version", Severity: field.Warn}
	faultSegment = field.Fault{Name: "tls.segment", Label: "the record goes on in another segment", Severity: field.Note}
	faultSpread  = field.Fault{Name: "tls.handshake.fragmented", Label: "the message goes on in another record", Severity: field.Note}
	faultSpec    = field.Fault{Name: "tls.change_cipher_spec.value", Label: "the message is one byte of value 1", Severity: field.Error}
	faultLevel   = field.Fault{Name: "tls.alert_message.level.unknown", Label: "there is no such level", Severity: field.Error}
	faultHeart   = field.Fault{Name: "tls.heartbeat_message.payload_length.invalid", Label: "more payload than the message has", Severity: field.Error}
	faultPiece   = field.Fault{Name: "dtls.handshake.fragment_past_end_msg", Label: "the fragment reaches past the end of the message", Severity: field.Error}
)
