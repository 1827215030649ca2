// Package ntp is the Network Time Protocol, version 4.
package ntp
