// A message of plain text: in proportional letters, addresses are links, what was answered is folded. No markup is made of it.
import { useMemo, useState } from 'react'
import { hrefFor, piecesOf } from './links'
import classes from './body.module.css'
import { useBodyTexts } from './texts'

interface Block {
  level: number
  lines: string[]
}

/** Lines by how deep they are quoted; `>` and the blank behind it are taken away. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const mark = /^(?:> ?)+(?=.*)/.exec(line)?.[0] ?? ''
    const level = Math.min(12, (mark.match(/>/g) ?? []).length)
    const last = blocks.at(-1)
    if (last && last.level === level) last.lines.push(line.slice(mark.length))
    else blocks.push({ level, lines: [line.slice(mark.length)] })
  }
  return blocks
}

function Lines({ lines }: { lines: string[] }) {
  const text = lines.join('\n')
  const paragraphs = useMemo(() => text.split(/\n(?=\n)/), [text])
  return paragraphs.map((paragraph, i) => (
    <p key={i} dir="auto">
      {piecesOf(paragraph.replace(/^\n/, '')).map((piece, k) =>
        piece.link ? (
          <a key={k} href={hrefFor(piece.link)} target="_blank" rel="noopener noreferrer" title={piece.link.leadsTo}>
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </p>
  ))
}

const isBlank = (b: Block) => b.lines.every((l) => l.trim() === '')

export function PlainBody({ text }: { text: string }) {
  const say = useBodyTexts()
  const blocks = useMemo(() => blocksOf(text), [text])
  const [open, setOpen] = useState(false)
  // Folded is what is quoted last, unless there is nothing else to read.
  const lastOwn = blocks.findLastIndex((b) => b.level === 0 && !isBlank(b))
  const own = blocks.some((b) => b.level === 0 && !isBlank(b))
  const folded = own ? blocks.slice(lastOwn + 1) : []
  const hides = folded.some((b) => b.level > 0)
  const shown = hides && !open ? blocks.slice(0, lastOwn + 1) : blocks
  return (
    <div className={classes.plain}>
      {shown.map((block, i) =>
        block.level === 0 ? (
          <Lines key={i} lines={block.lines} />
        ) : (
          <blockquote key={i} data-level={((block.level - 1) % 3) + 1}>
            <Lines lines={block.lines} />
          </blockquote>
        ),
      )}
      {hides && (
        <button type="button" className={classes.fold} aria-expanded={open} aria-label={say(open ? 'quote.hide' : 'quote.show')} title={say(open ? 'quote.hide' : 'quote.show')} onClick={() => setOpen(!open)}>
          •••
        </button>
      )}
    </div>
  )
}
