package tls

// someExtensions appends the extensions of a hello, which may have none. RFC 5246, 7.4.1.2: "The
// presence of extensions can be detected by determining whether there are bytes following the
// compression_methods at the end of the ClientHello."
func (d *decoder) someExtensions(typ byte, stop int) {
	if d.More(stop) {
		d.extensions(typ, stop)
	}
}

func (d *decoder) extensions(typ byte, stop int) {
	inner, ok := d.Length(&d.f[fExtensionsLength], stop)
	for ok && d.More(inner) {
		g := d.Open(&d.f[fExtension])
		ext, _ := d.Number(&d.f[fExtType], inner)
		if end, ok := d.Length(&d.f[fExtLength], inner); ok {
			if d.extension(uint16(ext), typ, end) {
				d.Finish(end, &faultTrail)
			} else {
				d.Rest(&d.f[fExtData], end)
			}
		}
		d.Close(g)
	}
}

// extension appends the content of extension ext in a message of type typ. It tells whether it
// knows it. An extension without content has nothing to show.
func (d *decoder) extension(ext uint16, typ byte, end int) bool {
	if end == d.Pos() {
		return true
	}
	client := typ == typeClientHello || typ == typeCertificateRequest
	switch ext {
	case 0: // RFC 6066, 3
		d.serverNames(end)
	case 1:
		d.Number(&d.f[fMaxFragment], end)
	case 5:
		d.statusRequest(typ, end)
	case 17: // RFC 6961, 2.2
		d.statusRequests(end)
	case 10:
		d.counted(fGroupsLength, fGroups, fGroup, end)
	case 11:
		d.counted(fFormatsLength, fFormats, fFormat, end)
	case 13, 34, 50:
		if ext == 34 && typ == typeCertificate {
			return false // a delegated credential itself: RFC 9345, 4
		}
		d.counted(fSigAlgsLength, fSigAlgs, fSigAlg, end)
	case 14:
		if !d.datagram {
			return false
		}
		d.profiles(end)
	case 15:
		d.Number(&d.f[fHeartbeatMode], end)
	case 16:
		d.protocols(fALPNLength, fALPNList, fALPNStringLength, fALPN, end)
	case 17513, 17613:
		if !client {
			return false
		}
		d.protocols(fALPSLength, fALPSList, fALPSStringLength, fALPS, end)
	case 18:
		d.timestamps(end)
	case 19, 20: // RFC 7250, 3
		if client {
			d.counted(fTypeListLength, fTypeList, fTypeItem, end)
		} else {
			d.Number(&d.f[fTypeItem], end)
		}
	case 21:
		d.Rest(&d.f[fPadding], end)
	case 27:
		d.numbers(fAlgorithmsLength, fAlgorithm, end)
	case 28:
		d.Number(&d.f[fRecordSizeLimit], end)
	case 41:
		d.preSharedKey(typ, end)
	case 42:
		d.Number(&d.f[fEarlyDataSize], end)
	case 43:
		if typ == typeClientHello {
			d.numbers(fVersionsLength, fSupportedVersion, end)
		} else {
			d.Number(&d.f[fSupportedVersion], end)
		}
	case 44:
		d.opaque(fExtCookieLength, fExtCookie, end)
	case 45:
		d.numbers(fModesLength, fMode, end)
	case 47:
		d.names(end)
	case 48:
		d.filters(end)
	case 40, 51:
		d.keyShare(typ, end)
	case 54:
		d.opaque(fCIDLength, fCID, end)
	case 13172:
		for d.More(end) {
			d.opaque(fNPNLength, fNPN, end)
		}
	case 65281:
		d.opaque(fRenegotiationLength, fRenegotiation, end)
	default:
		return false
	}
	return true
}

// numbers appends a length and the fields behind it, which have no group.
func (d *decoder) numbers(length, item, end int) {
	inner, ok := d.Length(&d.f[length], end)
	for ok && d.More(inner) {
		d.Field(&d.f[item], d.f[item].Bits, inner)
	}
}

// serverNames: RFC 6066, 3
func (d *decoder) serverNames(end int) {
	inner, ok := d.Length(&d.f[fSNIListLength], end)
	for ok && d.More(inner) {
		d.Number(&d.f[fSNIType], inner)
		d.opaque(fSNILength, fSNI, inner)
	}
}

// protocols: RFC 7301, 3.1
func (d *decoder) protocols(length, group, itemLength, item, end int) {
	inner, ok := d.Length(&d.f[length], end)
	if !ok || !d.More(inner) {
		return
	}
	g := d.Open(&d.f[group])
	for d.More(inner) {
		d.opaque(itemLength, item, inner)
	}
	d.Close(g)
}

// statusRequest: RFC 6066, 8; in a Certificate, RFC 8446, 4.4.2.1
func (d *decoder) statusRequest(typ byte, end int) {
	if typ == typeCertificate {
		d.certificateStatus(end)
		return
	}
	if v, ok := d.Number(&d.f[fExtStatusType], end); !ok || v != 1 && v != 2 {
		d.Rest(&d.f[fExtData], end)
		return
	}
	d.opaque(fStatusIDsLength, fStatusIDs, end)
	d.opaque(fStatusExtsLength, fStatusExts, end)
}

func (d *decoder) statusRequests(end int) {
	inner, ok := d.Length(&d.f[fStatusListLength], end)
	for ok && d.More(inner) {
		d.Number(&d.f[fExtStatusType], inner)
		if one, ok := d.Length(&d.f[fStatusLength], inner); ok {
			d.opaque(fStatusIDsLength, fStatusIDs, one)
			d.opaque(fStatusExtsLength, fStatusExts, one)
			d.Finish(one, &faultTrail)
		}
	}
}

// timestamps: RFC 6962, 3.3 and 3.2
func (d *decoder) timestamps(end int) {
	inner, ok := d.Length(&d.f[fSCTsLength], end)
	for ok && d.More(inner) {
		one, ok := d.Length(&d.f[fSCTLength], inner)
		if !ok {
			continue
		}
		if v, ok := d.Number(&d.f[fSCTVersion], one); ok && v == 0 {
			d.Bytes(&d.f[fSCTLogID], 32, one)
			d.Number(&d.f[fSCTTime], one)
			d.opaque(fSCTExtsLength, fSCTExts, one)
			d.Number(&d.f[fSigAlg], one)
			d.opaque(fSCTSigLength, fSCTSig, one)
		}
		d.Finish(one, &faultTrail)
	}
}

// preSharedKey: RFC 8446, 4.2.11
func (d *decoder) preSharedKey(typ byte, end int) {
	if typ != typeClientHello {
		d.Number(&d.f[fPSKSelected], end)
		return
	}
	inner, ok := d.Length(&d.f[fPSKIdentitiesLength], end)
	for ok && d.More(inner) {
		g := d.Open(&d.f[fPSKIdentity])
		d.opaque(fPSKIdentityLength, fPSKIdentityData, inner)
		d.Number(&d.f[fPSKAge], inner)
		d.Close(g)
	}
	inner, ok = d.Length(&d.f[fPSKBindersLength], end)
	if !ok || !d.More(inner) {
		return
	}
	g := d.Open(&d.f[fPSKBinders])
	for d.More(inner) {
		d.opaque(fPSKBinderLength, fPSKBinder, inner)
	}
	d.Close(g)
}

// filters: RFC 8446, 4.2.5
func (d *decoder) filters(end int) {
	inner, ok := d.Length(&d.f[fFiltersLength], end)
	for ok && d.More(inner) {
		d.opaque(fFilterOIDLength, fFilterOID, inner)
		d.opaque(fFilterValuesLength, fFilterValues, inner)
	}
}

// keyShare: RFC 8446, 4.2.8. A HelloRetryRequest has a group alone.
func (d *decoder) keyShare(typ byte, end int) {
	if typ == typeServerHello && end-d.Pos() == 2 {
		d.Number(&d.f[fShareSelected], end)
		return
	}
	inner := end
	if typ == typeClientHello {
		var ok bool
		if inner, ok = d.Length(&d.f[fShareListLength], end); !ok {
			return
		}
	}
	for d.More(inner) {
		g := d.Open(&d.f[fShare])
		d.Number(&d.f[fShareGroup], inner)
		d.opaque(fShareLength, fShareData, inner)
		d.Close(g)
	}
}

// profiles: RFC 5764, 4.1.1
func (d *decoder) profiles(end int) {
	inner, ok := d.Length(&d.f[fProfilesLength], end)
	for ok && d.More(inner) {
		d.Field(&d.f[fProfile], 16, inner)
	}
	d.opaque(fMKILength, fMKI, end)
}
