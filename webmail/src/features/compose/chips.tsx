// A line of recipients: chips, completed while one types, free text as well.
import { Foreign } from '@chappe/kit'
import { IconAlertTriangle, IconWorld, IconX } from '@chappe/kit/icons'
import { useEffect, useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react'
import { useMail } from '../../jmap/mail'
import { chipOf, chipsOf, isAddress, same, type Chip } from './addresses'
import classes from './chips.module.css'
import { isOutside, suggest } from './people'
import { useComposeTexts } from './texts'

const PAUSE_MS = 90

const words = (c: Chip): string => (c.name ? `${c.name} <${c.email}>` : c.email)

function OneChip({ chip, onRemove, onEdit, isChosen }: { chip: Chip; onRemove: () => void; onEdit: () => void; isChosen: boolean }) {
  const say = useComposeTexts()
  const outside = isOutside(chip)
  const title = !chip.isValid ? say('invalid', { text: chip.email }) : outside ? say('outside', { name: words(chip) }) : words(chip)
  return (
    <span className={classes.chip} data-bad={!chip.isValid || undefined} data-outside={outside || undefined} data-chosen={isChosen || undefined} title={title} onDoubleClick={onEdit}>
      {!chip.isValid && <IconAlertTriangle size={14} aria-label={say('invalid', { text: chip.email })} />}
      {outside && <IconWorld size={14} aria-label={say('outside', { name: chip.email })} />}
      <Foreign>{chip.name || chip.email}</Foreign>
      <button type="button" tabIndex={-1} onClick={onRemove} aria-label={say('remove', { name: words(chip) })}>
        <IconX size={13} aria-hidden />
      </button>
    </span>
  )
}

export function Recipients({ label, chips, others, onChange, autoFocus, children }: { label: string; chips: readonly Chip[]; others: readonly Chip[]; onChange: (chips: Chip[]) => void; autoFocus?: boolean; children?: React.ReactNode }) {
  const say = useComposeTexts()
  const { jmap } = useMail()
  const id = useId()
  const input = useRef<HTMLInputElement | null>(null)
  const [text, setText] = useState('')
  const [found, setFound] = useState<Chip[]>([])
  const [at, setAt] = useState(0)
  const [chosen, setChosen] = useState(-1)

  useEffect(() => {
    if (!text.trim()) {
      setFound([])
      return
    }
    const gone = new AbortController()
    const timer = setTimeout(() => {
      void suggest(jmap, text, gone.signal).then((all) => {
        if (gone.signal.aborted) return
        setFound(all.filter((c) => ![...chips, ...others].some((have) => same(have, c))))
        setAt(0)
      })
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      gone.abort()
    }
  }, [text, jmap]) // eslint-disable-line

  const add = (more: readonly Chip[]) => {
    const fresh = more.filter((c, i) => ![...chips, ...more.slice(0, i)].some((have) => same(have, c)))
    if (fresh.length > 0) onChange([...chips, ...fresh])
    setText('')
    setFound([])
  }
  const take = () => {
    if (text.trim()) add(chipsOf(text))
  }
  const drop = (i: number) => {
    onChange(chips.filter((_, k) => k !== i))
    setChosen(-1)
    input.current?.focus()
  }
  const edit = (i: number) => {
    const chip = chips[i]
    if (!chip) return
    take()
    onChange(chips.filter((_, k) => k !== i))
    setText(words(chip))
    input.current?.focus()
  }
  const onKey = (e: KeyboardEvent<HTMLInputElement>) => {
    const listed = found[at]
    if (e.key === 'ArrowDown' && found.length > 0) setAt((at + 1) % found.length)
    else if (e.key === 'ArrowUp' && found.length > 0) setAt((at + found.length - 1) % found.length)
    else if ((e.key === 'Enter' || e.key === 'Tab') && !e.ctrlKey && !e.metaKey && listed && !isAddress(text.trim())) add([listed])
    else if ((e.key === 'Enter' && !e.ctrlKey && !e.metaKey) || ((e.key === ',' || e.key === ';') && !/^[^"]*"[^"]*$/.test(text) && text.trim() !== '')) take()
    else if (e.key === 'Escape' && found.length > 0) setFound([])
    else if (e.key === 'Backspace' && text === '' && chips.length > 0) {
      if (chosen >= 0) drop(chosen)
      else setChosen(chips.length - 1)
    } else if (e.key === 'ArrowLeft' && text === '' && chips.length > 0) setChosen(chosen < 0 ? chips.length - 1 : Math.max(0, chosen - 1))
    else if (e.key === 'ArrowRight' && chosen >= 0) setChosen(chosen + 1 < chips.length ? chosen + 1 : -1)
    else if (e.key === 'Delete' && chosen >= 0) drop(chosen)
    else {
      if (e.key.length === 1) setChosen(-1)
      return
    }
    if (e.key === 'Tab' && !listed) return
    e.preventDefault()
    e.stopPropagation()
  }
  const onPaste = (e: ClipboardEvent<HTMLInputElement>) => {
    const pasted = e.clipboardData.getData('text/plain')
    const all = chipsOf(pasted)
    if (all.length < 2 && !(text === '' && all[0]?.isValid)) return
    e.preventDefault()
    add([...(text.trim() ? [chipOf(text)] : []), ...all])
  }
  return (
    <div className={classes.line} onClick={(e) => e.target === e.currentTarget && input.current?.focus()}>
      <label htmlFor={id}>{label}</label>
      <div className={classes.chips} onClick={(e) => e.target === e.currentTarget && input.current?.focus()}>
        {chips.map((chip, i) => (
          <OneChip key={chip.email + String(i)} chip={chip} isChosen={i === chosen} onRemove={() => drop(i)} onEdit={() => edit(i)} />
        ))}
        <input
          id={id}
          ref={input}
          data-autofocus={autoFocus || undefined}
          value={text}
          dir="auto"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          {...(found[at] && { 'aria-activedescendant': `${id}-${at}` })}
          onChange={(e) => {
            const typed = e.currentTarget.value
            setText(typed)
            setChosen(-1)
          }}
          onKeyDown={onKey}
          onPaste={onPaste}
          onBlur={take}
        />
      </div>
      {children}
      <ul id={`${id}-list`} role="listbox" aria-label={say('suggestions')} className={classes.list} hidden={found.length === 0}>
        {found.map((chip, i) => (
          <li
            key={chip.email}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onMouseDown={(e) => {
              e.preventDefault()
              add([chip])
            }}
            onMouseEnter={() => setAt(i)}
          >
            <Foreign>{chip.name || chip.email}</Foreign>
            {chip.name && <small dir="ltr">{chip.email}</small>}
            {chip.about && <small dir="auto">{chip.about}</small>}
          </li>
        ))}
      </ul>
    </div>
  )
}
