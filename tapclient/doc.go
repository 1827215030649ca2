// Package tapclient is the Go client of httptap: a [Client] is a link.Device whose frames
// travel over HTTP, so that a stack.Host, or any other stack, runs on a TAP without privilege.
//
//	c, err := tapclient.Dial(ctx, "http://127.0.0.1:7070", tapclient.Options{Name: "me"})
//	h, err := stack.New(stack.Config{Device: c})
//
// Read client.go (Dial and the Device), stream.go and upgrade.go (frames on one connection),
// poll.go and codec.go (frames as JSON), call.go (one call and its errors), capture.go (what others do).
//
// Dial takes the best [Transport] that the server has, unless Options asks for one:
//
//   - A stream is one connection on which frames travel as they are, many in one system call.
//   - With batches a read is one long poll that answers as soon as there is a frame, and a
//     write is one call for all frames.
//   - With version 0 a read asks again and again, from every half millisecond when frames come
//     to every 20 ms when none do: that version has no way to wait.
//
// There is no WebSocket among them. It would serve who stands behind a proxy that lets no other upgrade
// pass; there batches go through as well, at a rate that such a way seldom exceeds.
//
// A read goes on for some seconds when the server does not answer, so that a restart goes by. A
// call that fails is not made again: its frames may have been sent, and a stack sends again what
// was lost. A stream that breaks is made anew, with more and more time between the tries; frames
// that are written meanwhile, and those that its end cut, are lost and counted. Close waits a
// moment until the server has taken what was written to a stream.
package tapclient
