/** What a transport rule is made of: the names of the API, their options on the command line, and how each is asked for. */
export type Kind = 'conditions' | 'unless' | 'actions'
export interface Part {
  name: PartName
  kind: Kind
  hint?: 'patterns' | 'header' | 'newHeader' | 'fieldName' | 'size' | 'attachment' | 'group' | 'address' | 'text'
  is?: 'flag' | 'direction' | 'size'
}
export type PartName =
  | 'sender' | 'recipient' | 'direction' | 'anonymous' | 'header' | 'larger' | 'attachment' | 'sender_in' | 'recipient_in'
  | 'unless_sender' | 'unless_recipient' | 'unless_sender_in' | 'unless_header'
  | 'refuse' | 'prepend' | 'add_header' | 'remove_header' | 'disclaimer' | 'copy' | 'redirect' | 'journal' | 'moderate' | 'junk' | 'quarantine'

export const parts: Part[] = [
  { name: 'sender', kind: 'conditions', hint: 'patterns' },
  { name: 'recipient', kind: 'conditions', hint: 'patterns' },
  { name: 'direction', kind: 'conditions', is: 'direction' },
  { name: 'anonymous', kind: 'conditions', is: 'flag' },
  { name: 'header', kind: 'conditions', hint: 'header' },
  { name: 'larger', kind: 'conditions', hint: 'size', is: 'size' },
  { name: 'attachment', kind: 'conditions', hint: 'attachment' },
  { name: 'sender_in', kind: 'conditions', hint: 'group' },
  { name: 'recipient_in', kind: 'conditions', hint: 'group' },
  { name: 'unless_sender', kind: 'unless', hint: 'patterns' },
  { name: 'unless_recipient', kind: 'unless', hint: 'patterns' },
  { name: 'unless_sender_in', kind: 'unless', hint: 'group' },
  { name: 'unless_header', kind: 'unless', hint: 'header' },
  { name: 'refuse', kind: 'actions', hint: 'text' },
  { name: 'prepend', kind: 'actions', hint: 'text' },
  { name: 'add_header', kind: 'actions', hint: 'newHeader' },
  { name: 'remove_header', kind: 'actions', hint: 'fieldName' },
  { name: 'disclaimer', kind: 'actions', hint: 'text' },
  { name: 'copy', kind: 'actions', hint: 'address' },
  { name: 'redirect', kind: 'actions', hint: 'address' },
  { name: 'journal', kind: 'actions', hint: 'address' },
  { name: 'moderate', kind: 'actions', hint: 'address' },
  { name: 'junk', kind: 'actions', is: 'flag' },
  { name: 'quarantine', kind: 'actions', is: 'flag' },
]
export const partOf = (name: string) => parts.find((p) => p.name === name)
