// Package tapclient is the Go client of httptap: a [Client] is a link.Device whose frames
// travel over HTTP, so that a stack.Host, or any other stack, runs on a TAP without privilege.
//
//	c, err := tapclient.Dial(ctx, "http://127.0.0.1:7070", tapclient.Options{Name: "me"})
//	h, err := stack.New(stack.Config{Device: c})
//
// Read client.go (Dial and the Device), codec.go (frames as JSON).
//
// Against a server that offers batches, a read is one long poll that answers as soon as there
// is a frame, and a write is one call for all frames. Against a server that knows only version
// 0 of the contract, a read asks again and again, from every half millisecond when frames come
// to every 20 ms when none do: that version has no way to wait.
//
// A read goes on for some seconds when the server does not answer, so that a restart goes by. A
// write that fails is not made again: its frames may have been sent, and a stack sends again
// what was lost.
package tapclient
