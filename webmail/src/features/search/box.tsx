import { defineTexts } from '@chappe/kit'
import { IconSearch, IconX } from '@chappe/kit/icons'
import { useHotkeys } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { usePlace } from '../mail/place'
import classes from './box.module.css'

const useTexts = defineTexts('search', {
  en: {
    search: 'Search mail',
    clear: 'Clear the search',
    help: 'Narrow it down',
    'tip.from': 'who sent it',
    'tip.to': 'who got it',
    'tip.subject': 'word of the subject',
    'tip.has': 'with files',
    'tip.is': 'or flagged, answered, draft',
    'tip.before': 'or after:, a day or a year',
    'tip.larger': 'or smaller:',
    'tip.quotes': 'words as they stand',
    'tip.minus': 'what must not be there',
    'eg.from': 'from:marc',
    'eg.to': 'to:sofia',
    'eg.subject': 'subject:invoice',
    'eg.has': 'has:attachment',
    'eg.is': 'is:unread',
    'eg.before': 'before:2026-11-01',
    'eg.larger': 'larger:2m',
    'eg.quotes': '"next Friday"',
    'eg.minus': '-newsletter',
  },
  fr: {
    search: 'Rechercher dans le courrier',
    clear: 'Effacer la recherche',
    help: 'Préciser',
    'tip.from': 'qui l’a envoyé',
    'tip.to': 'qui l’a reçu',
    'tip.subject': 'mot de l’objet',
    'tip.has': 'avec des fichiers',
    'tip.is': 'ou suivi, répondu, brouillon',
    'tip.before': 'ou après:, un jour ou une année',
    'tip.larger': 'ou moins:',
    'tip.quotes': 'les mots tels quels',
    'tip.minus': 'ce qui ne doit pas y être',
    'eg.from': 'de:marc',
    'eg.to': 'à:sofia',
    'eg.subject': 'objet:facture',
    'eg.has': 'avec:pj',
    'eg.is': 'est:non-lu',
    'eg.before': 'avant:2026-11-01',
    'eg.larger': 'plus:2m',
    'eg.quotes': '"vendredi prochain"',
    'eg.minus': '-bulletin',
  },
})

const SETTLE_MS = 40
const TIPS = ['from', 'to', 'subject', 'has', 'is', 'before', 'larger', 'quotes', 'minus'] as const

/** Searches as one types: the address follows, the list follows the address. */
export function SearchBox() {
  const say = useTexts()
  const navigate = useNavigate()
  const place = usePlace()
  const [text, setText] = useState(place.q)
  const [isOpen, setOpen] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const wait = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (document.activeElement !== input.current) setText(place.q)
  }, [place.q])
  useHotkeys([['/', () => input.current?.focus()], ['mod+K', () => input.current?.focus()]])

  const isEverywhere = place.folder === 'all' || place.q === ''
  const go = (q: string) => {
    clearTimeout(wait.current)
    const words = q.trim()
    const { account, from } = place
    if (words === '') void navigate({ to: '/mail/$account/$folder', params: { account, folder: from } })
    else if (isEverywhere) void navigate({ to: '/mail/$account/$folder', params: { account, folder: 'all' }, search: { q: words, in: from }, replace: place.q !== '' })
    else void navigate({ to: '/mail/$account/$folder', params: { account, folder: from }, search: { q: words }, replace: true })
  }
  const type = (value: string) => {
    setText(value)
    clearTimeout(wait.current)
    wait.current = setTimeout(() => go(value), SETTLE_MS)
  }
  return (
    <div className={classes.around} onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && setOpen(false)}>
      <form
        role="search"
        className={classes.box}
        onSubmit={(e) => {
          e.preventDefault()
          go(text)
          setOpen(false)
        }}
      >
        <IconSearch size={17} aria-hidden />
        <input
          ref={input}
          type="text"
          enterKeyHint="search"
          aria-label={say('search')}
          placeholder={say('search')}
          value={text}
          onChange={(e) => type(e.currentTarget.value)}
          onFocus={() => setOpen(true)}
          onKeyDown={(e) => {
            if (e.key !== 'Escape') return
            e.stopPropagation()
            if (isOpen && text === '') input.current?.blur()
            setOpen(false)
            setText('')
            go('')
          }}
          autoComplete="off"
          spellCheck={false}
        />
        {text !== '' && (
          <button
            type="button"
            aria-label={say('clear')}
            onClick={() => {
              setText('')
              go('')
            }}
          >
            <IconX size={16} />
          </button>
        )}
      </form>
      {isOpen && text === '' && (
        <div className={classes.panel}>
          <div className={classes.help}>{say('help')}</div>
          <ul className={classes.tips}>
            {TIPS.map((t) => (
              <li key={t}>
                <button
                  type="button"
                  onClick={() => {
                    const example = say(`eg.${t}`)
                    const start = example.includes(':') && !/^(has|is|avec|est):/.test(example) ? example.slice(0, example.indexOf(':') + 1) : example
                    type(`${text.trim()}${text.trim() ? ' ' : ''}${start}`)
                    input.current?.focus()
                  }}
                >
                  <code>{say(`eg.${t}`)}</code>
                  <span>{say(`tip.${t}`)}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  )
}
