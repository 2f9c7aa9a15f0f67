const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", '#39': "'", '#34': '"' }
const plain = (text: string) => text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole)

/** A search snippet: text with <mark> around what was found, and nothing else of it is markup (RFC 8621, 5). */
export function Marked({ html }: { html: string }) {
  return (
    <>
      {html.split(/<mark>(.*?)<\/mark>/s).map((piece, i) => (i % 2 ? <mark key={i}>{plain(piece)}</mark> : plain(piece)))}
    </>
  )
}
