package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// WriteText writes a line for each finding: its level, what was looked at, why it is so, and what
// mends it.
func WriteText(w io.Writer, all []Finding) error {
	width := 0
	for _, f := range all {
		width = max(width, len(f.What))
	}
	for _, f := range all {
		line := fmt.Sprintf("%-4s  %-*s  - %s", f.Level, width, f.What, f.Why)
		if f.Fix != "" {
			line += " - " + f.Fix
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON writes the findings as a JSON array.
func WriteJSON(w io.Writer, all []Finding) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
