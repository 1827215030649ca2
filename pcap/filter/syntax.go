package filter

// A nodeKind is what a node of the syntax tree is.
type nodeKind uint8

const (
	nodeName    nodeKind = iota // a word that is a field or a literal: text
	nodeString                  // "..." or r"...": value
	nodeChar                    // 'c': value has its byte
	nodeNegated                 // -args[0]
	nodeRaw                     // @args[0]
	nodeLayer                   // args[0] # ranges
	nodeSlice                   // args[0] [ranges]
	nodeCall                    // text(args...)
	nodeArith                   // args[0] text args[1]: + - * / % &
	nodeCompare                 // args[0] text args[1]: == != < > <= >= contains matches
	nodeIn                      // args[0] text {args[1:]...}: in, or not in with a quantifier
	nodeRange                   // args[0] .. args[1], in a set only
	nodeNot                     // not args[0]
	nodeAnd                     // args[0] and args[1]
	nodeXor
	nodeOr
)

// A node is one operation of a filter as it was written.
type node struct {
	kind     nodeKind
	pos, end int    // where it stands in the text
	text     string // a word, an operator, a function's name
	value    string // a string's or a character's
	quant    quantifier
	args     []*node
	ranges   []span
}

// A quantifier says how many of a field's values a comparison is to hold for.
type quantifier uint8

const (
	either quantifier = iota // not said: any, but all for !=
	any1
	all
)

// A span is a part of bytes: from a start, with a length or up to an end. Negative numbers count
// from the end. A count of layers is one, too.
type span struct {
	start int
	end   int // inclusive, when kind is spanTo
	n     int // when kind is spanLen
	kind  spanKind
}

type spanKind uint8

const (
	spanLen  spanKind = iota // [start:n]
	spanTo                   // [start-end]
	spanRest                 // [start:]
	spanOne                  // [start]
)

// precedences, from what binds least.
const (
	precOr = iota + 1
	precXor
	precAnd
	precNot
	precCompare
	precBits
	precSum
	precProduct
	precUnary
	precPostfix
)

var arithmetic = map[string]int{"&": precBits, "+": precSum, "-": precSum, "*": precProduct, "/": precProduct, "%": precProduct}

// operators are the names of operators that mean the same.
var operators = map[string]string{
	"==": "==", "eq": "==", "any_eq": "==", "!=": "!=", "ne": "!=", "all_ne": "!=",
	"===": "===", "all_eq": "===", "!==": "!==", "any_ne": "!==",
	">": ">", "gt": ">", "<": "<", "lt": "<", ">=": ">=", "ge": ">=", "<=": "<=", "le": "<=",
	"contains": "contains", "matches": "matches", "~": "matches",
	"and": "and", "&&": "and", "or": "or", "||": "or", "xor": "xor", "^^": "xor", "not": "not", "!": "not",
	"in": "in", "any": "any", "all": "all", "&": "&", "bitwise_and": "&", "bitand": "&",
	"+": "+", "-": "-", "*": "*", "/": "/", "%": "%",
}

// precedence returns how much a node binds when it is printed.
func (n *node) precedence() int {
	switch n.kind {
	case nodeOr:
		return precOr
	case nodeXor:
		return precXor
	case nodeAnd:
		return precAnd
	case nodeNot:
		return precNot
	case nodeCompare, nodeIn:
		return precCompare
	case nodeArith:
		return arithmetic[n.text]
	case nodeNegated:
		return precUnary
	}
	return precPostfix
}

// isTest tells whether a node says yes or no of itself, and has no value to compare.
func (n *node) isTest() bool {
	switch n.kind {
	case nodeOr, nodeXor, nodeAnd, nodeNot, nodeCompare, nodeIn:
		return true
	}
	return false
}
