// Package dns is the Domain Name System.
package dns
