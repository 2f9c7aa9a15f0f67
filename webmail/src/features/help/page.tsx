import { EmptyState, useLanguage } from '@chappe/kit'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { guide, pictureOf, TOPICS, type Topic } from './guides'
import { useHelpTexts } from './link-texts'
import { blocksOf, type Block, type Inline } from './markdown'
import classes from './page.module.css'

const topicOf = (word: string): Topic | undefined => TOPICS.find((t) => t === word)

function Words({ of }: { of: readonly Inline[] }) {
  return of.map((part, i) => {
    if (part.kind === 'code') return <code key={i}>{part.text}</code>
    if (part.kind === 'strong') return <strong key={i}>{part.text}</strong>
    if (part.kind === 'em') return <em key={i}>{part.text}</em>
    const topic = part.kind === 'link' ? topicOf(part.to.replace(/\.md$/, '')) : undefined
    return topic ? (
      <Link key={i} to="/help/$topic" params={{ topic }}>
        {part.text}
      </Link>
    ) : (
      part.text
    )
  })
}

function Shown({ block }: { block: Block }) {
  const language = useLanguage()
  switch (block.kind) {
    case 'heading':
      return block.level === 1 ? <h1>{block.text}</h1> : <h2>{block.text}</h2>
    case 'paragraph':
      return (
        <p>
          <Words of={block.parts} />
        </p>
      )
    case 'code':
      return (
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      )
    case 'picture': {
      const url = pictureOf(language, block.file)
      return url ? <img src={url} alt={block.text} loading="lazy" /> : null
    }
    case 'table':
      return (
        <div className={classes.table} tabIndex={0}>
          <table>
            <thead>
              <tr>
                {block.head.map((cell, i) => (
                  <th key={i} scope="col">
                    <Words of={cell} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, k) => (
                    <td key={k}>
                      <Words of={cell} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
  }
}

/** The guide, a topic a page. */
export function HelpPage() {
  const say = useHelpTexts()
  const language = useLanguage()
  const { topic: word = 'reading' } = useParams({ strict: false })
  const topic = topicOf(word)
  const blocks = useMemo(() => (topic ? blocksOf(guide(language, topic)) : []), [language, topic])
  useEffect(() => {
    document.title = `${say('help')} – Chappe`
  }, [say])
  if (!topic) return <EmptyState title={<h1>{say('none')}</h1>} />
  return (
    <div className={classes.page}>
      <nav className={classes.nav} aria-label={say('topics')}>
        {TOPICS.map((t) => (
          <Link key={t} to="/help/$topic" params={{ topic: t }} aria-current={t === topic ? 'page' : undefined}>
            {say(t)}
          </Link>
        ))}
      </nav>
      <div className={classes.text}>
        {blocks.map((block, i) => (
          <Shown key={i} block={block} />
        ))}
      </div>
    </div>
  )
}
