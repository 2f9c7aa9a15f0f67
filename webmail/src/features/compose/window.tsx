// One window in which one writes.
import { errorWords, Foreign, onDemand, tellTrouble, useFormat, useKitTexts } from '@chappe/kit'
import { IconCalendarTime, IconChevronDown, IconDots, IconFile, IconMaximize, IconMinimize, IconMinus, IconPaperclip, IconPhotoPlus, IconRefresh, IconSend, IconTrash, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Group, Loader, Menu, Popover, Progress, Select, TextInput } from '@mantine/core'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react'
import { CAPABILITIES } from '../../jmap/client'
import { useMail } from '../../jmap/mail'
import { cleanMessage } from '../message/body/clean'
import { HtmlFrame } from '../message/body'
import { parsed } from '../message/body/policy'
import { addressOf } from './addresses'
import { Recipients } from './chips'
import { everybody, htmlOfText, textOfHtml, type Draft } from './draft'
import type { Identity } from './identities'
import { isOutside, remember } from './people'
import { presets, speaksOfFiles, tooSoon } from './reminders'
import { useComposeTexts } from './texts'
import classes from './window.module.css'
import type { Writer } from './writer'

const RichText = onDemand(() => import('./editor'), <Loader size="sm" m="md" />)

type Question = 'noRecipient' | 'invalid' | 'noSubject' | 'noFile'

/** data: URLs of pictures in the text, by Content-ID. */
function usePictures(writer: Writer): (cid: string) => Promise<string | null> {
  const { jmap } = useMail()
  const kept = useRef(new Map<string, Promise<string | null>>())
  return useCallback(
    (cid: string) => {
      const found = kept.current.get(cid)
      if (found) return found
      const file = writer.draft.files.find((f) => f.cid === cid)
      const read = async (): Promise<string | null> => {
        if (!file) return null
        const answer = file.file ?? (await fetch(jmap.downloadUrl(jmap.ownAccount, file.blobId ?? '', 'picture'), { credentials: 'same-origin' }).then((a) => (a.ok ? a.blob() : null)))
        if (!answer) return null
        return new Promise((go) => {
          const reader = new FileReader()
          reader.onloadend = () => go(typeof reader.result === 'string' ? reader.result : null)
          reader.readAsDataURL(answer.slice(0, answer.size, file.type))
        })
      }
      const url = read().catch(() => null)
      kept.current.set(cid, url)
      return url
    },
    [writer, jmap],
  )
}

function State({ writer }: { writer: Writer }) {
  const say = useComposeTexts()
  const kit = useKitTexts()
  const { phase } = writer.draft
  const text =
    phase === 'sending' ? say(writer.isWaiting ? 'waiting' : writer.draft.files.some((f) => !f.blobId) ? 'sendingFiles' : 'sending') : writer.error !== null ? `${say('unsaved')} ${errorWords(writer.error, kit)}` : writer.isWaiting ? say('waiting') : writer.draft.version === 0 ? '' : say(writer.saved)
  return (
    <span className={classes.state} role="status" data-trouble={writer.isWaiting || writer.error !== null || undefined}>
      {text}
    </span>
  )
}

function Files({ writer, draft }: { writer: Writer; draft: Draft }) {
  const say = useComposeTexts()
  const format = useFormat()
  const files = draft.files.filter((f) => !f.cid || f.state === 'failed')
  if (files.length === 0) return null
  return (
    <ul className={classes.files} aria-label={say('attached')}>
      {files.map((f) => (
        <li key={f.key} data-failed={f.state === 'failed' || undefined}>
          <IconFile size={17} aria-hidden />
          <span className={classes.fileName}>
            <Foreign title={f.name}>{f.name}</Foreign>
            <small>{f.state === 'failed' ? say('upload.failed', { name: '' }) : format.bytes(f.size)}</small>
            {(f.state === 'sending' || f.state === 'waiting') && <Progress value={f.progress * 100} size={3} aria-label={say('upload.progress', { name: f.name, percent: format.percent(f.progress, 1) })} />}
          </span>
          {f.state === 'failed' && (
            <ActionIcon variant="subtle" size="sm" onClick={() => writer.retry(f.key)} aria-label={say('upload.retry')} title={say('upload.retry')}>
              <IconRefresh size={15} />
            </ActionIcon>
          )}
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={() => writer.detach(f.key)} aria-label={say('remove', { name: f.name })} title={say('remove', { name: f.name })}>
            <IconX size={15} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  )
}

function QuoteBox({ writer, draft, onEdited }: { writer: Writer; draft: Draft; onEdited: () => void }) {
  const say = useComposeTexts()
  const [open, setOpen] = useState(false)
  const { quote } = draft
  const srcdoc = useMemo(() => (open && quote ? cleanMessage([quote.html], { own: new Map(), remote: null }, { fold: false }).srcdoc : ''), [open, quote])
  if (!quote) return null
  const edit = () => {
    if (draft.isPlain) writer.change({ text: `${draft.text}\n\n${quote.head}\n${quote.text.split('\n').map((l) => `> ${l}`).join('\n')}`, quote: null })
    else writer.change({ html: `${draft.html}${htmlOfText(quote.head)}<blockquote>${quote.html}</blockquote>`, quote: null })
    onEdited()
  }
  return (
    <section className={classes.quote} aria-label={say('quote')}>
      <Group gap={4}>
        <Button size="compact-xs" variant="light" color="gray" aria-expanded={open} aria-label={say(open ? 'quote.hide' : 'quote.show')} title={say(open ? 'quote.hide' : 'quote.show')} onClick={() => setOpen(!open)}>
          •••
        </Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={edit}>
          {say('quote.edit')}
        </Button>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => writer.change({ quote: null, files: draft.files.filter((f) => !f.cid || draft.html.includes(`cid:${f.cid}`)) })}>
          {say('quote.remove')}
        </Button>
      </Group>
      {open && (
        <>
          <p className={classes.quoteHead} dir="auto">
            {quote.head}
          </p>
          {draft.isPlain ? <pre className={classes.quotePlain}>{quote.text}</pre> : <HtmlFrame srcdoc={srcdoc} title={say('quote')} height={280} paper />}
        </>
      )}
    </section>
  )
}

function SendLater({ writer, draft }: { writer: Writer; draft: Draft }) {
  const say = useComposeTexts()
  const format = useFormat()
  const [own, setOwn] = useState(false)
  const [text, setText] = useState('')
  const at = text ? new Date(text) : null
  const bad = at !== null && (Number.isNaN(at.getTime()) || tooSoon(at))
  const when = presets(new Date())
  const set = (d: Date) => writer.change({ sendAt: d.toISOString().replace(/\.\d+Z$/, 'Z') })
  return (
    <Popover opened={own} onChange={setOwn} position="top-start" withArrow trapFocus withRoles={false}>
      <Popover.Target>
        <span>
          <Menu position="top-end" withinPortal>
            <Menu.Target>
              <Button className={classes.sendMore} px={6} aria-label={say('sendLater')} title={say('sendLater')}>
                <IconChevronDown size={17} />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>{say('sendLater')}</Menu.Label>
              <Menu.Item onClick={() => set(when.tomorrow)}>{say('tomorrow', { when: format.dateTime(when.tomorrow.toISOString()) })}</Menu.Item>
              <Menu.Item onClick={() => set(when.monday)}>{say('monday', { when: format.dateTime(when.monday.toISOString()) })}</Menu.Item>
              <Menu.Item onClick={() => setOwn(true)}>{say('atTime')}</Menu.Item>
              {draft.sendAt && <Menu.Item onClick={() => writer.change({ sendAt: null })}>{say('sendNow')}</Menu.Item>}
            </Menu.Dropdown>
          </Menu>
        </span>
      </Popover.Target>
      <Popover.Dropdown>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <TextInput type="datetime-local" label={say('at')} value={text} onChange={(e) => setText(e.currentTarget.value)} error={bad ? say('past') : undefined} data-autofocus />
          <Button
            disabled={!at || bad}
            onClick={() => {
              if (at) set(at)
              setOwn(false)
            }}
          >
            {say('setTime')}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  )
}

const REMIND_DAYS = [1, 3, 7]

/** In the menu: after how long one wants to hear that nobody answered. */
function Reminders({ writer, draft }: { writer: Writer; draft: Draft }) {
  const say = useComposeTexts()
  const { jmap } = useMail()
  if (!(CAPABILITIES.owner in jmap.session.capabilities)) return null
  return (
    <>
      <Menu.Divider />
      <Menu.Label>{say('remind')}</Menu.Label>
      {REMIND_DAYS.map((days) => (
        <Menu.Item key={days} onClick={() => writer.change({ remindDays: draft.remindDays === days ? null : days })}>
          {draft.remindDays === days ? '✓ ' : ''}
          {say('remind.after', { count: days })}
        </Menu.Item>
      ))}
      <Menu.Divider />
    </>
  )
}

const whoOf = (i: Identity): string => (i.name ? `${i.name} <${i.email}>` : i.email)

export function ComposeWindow({ writer, identities, onTop }: { writer: Writer; identities: readonly Identity[]; onTop: () => void }) {
  const say = useComposeTexts()
  const format = useFormat()
  const draft = useSyncExternalStore(writer.subscribe, writer.snapshot)
  const show = usePictures(writer)
  const [stamp, setStamp] = useState(0)
  const [hasCopies, setCopies] = useState(draft.cc.length > 0 || draft.bcc.length > 0)
  const [ask, setAsk] = useState<Question | null>(null)
  const [over, setOver] = useState(false)
  const files = useRef<HTMLInputElement | null>(null)
  const pictures = useRef<HTMLInputElement | null>(null)
  const box = useRef<HTMLElement | null>(null)
  const { identity } = writer
  const isSending = draft.phase === 'sending'

  useEffect(() => {
    if (draft.isSmall) return
    const first = box.current?.querySelector<HTMLElement>(draft.to.length > 0 ? 'textarea, [role=textbox]' : 'input[data-autofocus]')
    first?.focus()
  }, []) // eslint-disable-line

  const attach = (all: File[]) => {
    for (const file of all) {
      if (file.size > writer.room) tellTrouble(say('attach'), say('tooLarge', { name: file.name, most: format.bytes(writer.room + draft.files.reduce((s, f) => s + f.size, 0)) }))
      else writer.attach([file])
    }
  }
  const takePicture = (file: File): string | null => {
    if (file.size > writer.room) {
      attach([file])
      return null
    }
    return writer.attach([file], true)[0]?.cid ?? null
  }

  const send = (sure: Question[] = []) => {
    if (isSending) return
    // What is still being typed into a line of recipients becomes one first.
    if (document.activeElement instanceof HTMLInputElement && box.current?.contains(document.activeElement)) document.activeElement.blur()
    setTimeout(() => {
      const d = writer.draft
      const all = everybody(d)
      const own = d.isPlain ? d.text : textOfHtml(d.html, parsed)
      const question: Question | null =
        all.length === 0 ? 'noRecipient' : all.some((c) => !c.isValid) ? 'invalid' : !d.subject.trim() && !sure.includes('noSubject') ? 'noSubject' : !sure.includes('noFile') && d.files.every((f) => f.cid) && speaksOfFiles(`${d.subject}\n${own}`) ? 'noFile' : null
      setAsk(question)
      if (question) return
      remember(all)
      writer.send()
    }, 0)
  }
  const asked = useRef<Question[]>([])
  const sendAnyway = () => {
    if (ask) asked.current = [...asked.current, ask]
    send(asked.current)
  }

  const toPlain = () => writer.change({ isPlain: true, text: textOfHtml(draft.html, parsed), html: '', files: draft.files.filter((f) => !f.cid) })
  const toRich = () => writer.change({ isPlain: false, html: htmlOfText(draft.text), text: '' })
  const sign = () => {
    if (!identity) return
    if (draft.isPlain) writer.change({ text: `${draft.text}\n\n-- \n${identity.textSignature}` })
    else {
      writer.change({ html: `${draft.html}${identity.htmlSignature || htmlOfText(identity.textSignature)}` })
      setStamp(stamp + 1)
    }
  }
  const onKey = (e: KeyboardEvent) => {
    const mod = e.ctrlKey || e.metaKey
    if (mod && e.key === 'Enter') send(asked.current)
    else if (mod && e.key.toLowerCase() === 's') void writer.save().catch(() => {})
    else if (mod && e.shiftKey && e.key.toLowerCase() === 'd') writer.discard()
    else if (mod && e.shiftKey && /^[cb]$/i.test(e.key)) setCopies(true)
    else if (e.key === 'Escape' && !e.defaultPrevented) writer.close()
    else return
    e.preventDefault()
    e.stopPropagation()
  }
  const others = (but: Draft['to']) => everybody(draft).filter((c) => !but.includes(c))
  const outside = everybody(draft).filter(isOutside)
  const title = draft.subject.trim() || say('new')

  return (
    <section ref={box} className={classes.window} data-small={draft.isSmall || undefined} data-wide={draft.isWide || undefined} role="dialog" aria-label={title} onKeyDown={onKey} onFocus={onTop}
      onDragOver={(e) => {
        if (!e.dataTransfer.types.includes('Files')) return
        e.preventDefault()
        setOver(true)
      }}
      onDragLeave={(e) => e.currentTarget.contains(e.relatedTarget as Node | null) || setOver(false)}
      onDrop={(e) => {
        setOver(false)
        if (e.defaultPrevented || e.dataTransfer.files.length === 0) return
        e.preventDefault()
        attach(Array.from(e.dataTransfer.files))
      }}>
      <header className={classes.head} onDoubleClick={() => writer.show({ isSmall: !draft.isSmall })}>
        <button type="button" className={classes.title} onClick={() => draft.isSmall && writer.show({ isSmall: false })}>
          <Foreign>{title}</Foreign>
        </button>
        <ActionIcon variant="subtle" className={classes.headTool} onClick={() => writer.show({ isSmall: !draft.isSmall, isWide: false })} aria-label={say(draft.isSmall ? 'restore' : 'small')} title={say(draft.isSmall ? 'restore' : 'small')}>
          {draft.isSmall ? <IconMaximize size={16} /> : <IconMinus size={16} />}
        </ActionIcon>
        <ActionIcon variant="subtle" className={`${classes.headTool} ${classes.wideTool}`} onClick={() => writer.show({ isWide: !draft.isWide, isSmall: false })} aria-label={say(draft.isWide ? 'narrow' : 'wide')} title={say(draft.isWide ? 'narrow' : 'wide')}>
          {draft.isWide ? <IconMinimize size={16} /> : <IconMaximize size={16} />}
        </ActionIcon>
        <ActionIcon variant="subtle" className={classes.headTool} onClick={() => writer.close()} disabled={isSending} aria-label={say('close')} title={say('close')}>
          <IconX size={17} />
        </ActionIcon>
      </header>
      {!draft.isSmall && (
        <fieldset className={classes.inner} disabled={isSending}>
          <div className={classes.scroll}>
            {identities.length > 1 && (
              <div className={classes.field}>
                <Select
                  aria-label={say('from')}
                  leftSection={<span className={classes.fieldLabel}>{say('from')}</span>}
                  leftSectionWidth={52}
                  variant="unstyled"
                  size="sm"
                  allowDeselect={false}
                  value={identity?.id ?? null}
                  data={identities.map((i) => ({ value: i.id, label: i.onBehalf ? say('behalfOf', { who: whoOf(i) }) : whoOf(i) }))}
                  onChange={(id) => writer.change({ identityId: id, onBehalf: false })}
                />
              </div>
            )}
            <Recipients label={say('to')} chips={draft.to} others={others(draft.to)} onChange={(to) => writer.change({ to })} autoFocus>
              {!hasCopies && (
                <Button size="compact-xs" variant="subtle" color="gray" mt={4} onClick={() => setCopies(true)}>
                  {say('cc')} {say('bcc')}
                </Button>
              )}
            </Recipients>
            {hasCopies && (
              <>
                <Recipients label={say('cc')} chips={draft.cc} others={others(draft.cc)} onChange={(cc) => writer.change({ cc })} />
                <Recipients label={say('bcc')} chips={draft.bcc} others={others(draft.bcc)} onChange={(bcc) => writer.change({ bcc })} />
              </>
            )}
            {outside.length > 0 && (
              <p className={classes.outside} role="note">
                {say('outsideCount', { count: outside.length })}
              </p>
            )}
            <div className={classes.field}>
              <input className={classes.subject} value={draft.subject} dir="auto" placeholder={say('subject')} aria-label={say('subject')} maxLength={900} onChange={(e) => writer.change({ subject: e.currentTarget.value })} />
            </div>
            {draft.isPlain ? (
              <textarea className={classes.plain} dir="auto" aria-label={say('body')} value={draft.text} onChange={(e) => writer.change({ text: e.currentTarget.value })} />
            ) : (
              <RichText key="rich" html={draft.html} stamp={stamp} label={say('body')} autoFocus={draft.to.length > 0} show={show} onPicture={takePicture} onFiles={attach} onChange={(html) => html !== writer.draft.html && writer.change({ html })} onSend={() => send(asked.current)} />
            )}
            <QuoteBox writer={writer} draft={draft} onEdited={() => setStamp(stamp + 1)} />
            <Files writer={writer} draft={draft} />
          </div>
          {ask && (
            <div className={classes.ask} role="alert">
              <span>{say(`ask.${ask}`)}</span>
              <Group gap="xs">
                {ask === 'noFile' && (
                  <Button size="compact-sm" variant="light" onClick={() => files.current?.click()}>
                    {say('attach')}
                  </Button>
                )}
                {(ask === 'noSubject' || ask === 'noFile') && (
                  <Button size="compact-sm" onClick={sendAnyway}>
                    {say('ask.sendAnyway')}
                  </Button>
                )}
                <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setAsk(null)}>
                  {say('ask.goBack')}
                </Button>
              </Group>
            </div>
          )}
          <footer className={classes.foot}>
            <span className={classes.send}>
              <Button leftSection={draft.sendAt ? <IconCalendarTime size={17} /> : <IconSend size={17} />} loading={isSending} onClick={() => send(asked.current)}>
                {draft.sendAt ? say('sendAt', { when: format.dateTime(draft.sendAt) }) : say('send')}
              </Button>
              <SendLater writer={writer} draft={draft} />
            </span>
            <ActionIcon variant="subtle" color="gray" size={34} onClick={() => files.current?.click()} aria-label={say('attach')} title={say('attach')}>
              <IconPaperclip size={19} />
            </ActionIcon>
            {!draft.isPlain && (
              <ActionIcon variant="subtle" color="gray" size={34} onClick={() => pictures.current?.click()} aria-label={say('picture')} title={say('picture')}>
                <IconPhotoPlus size={19} />
              </ActionIcon>
            )}
            <Menu position="top-start" withinPortal closeOnItemClick>
              <Menu.Target>
                <ActionIcon variant="subtle" color="gray" size={34} aria-label={say('more')} title={say('more')}>
                  <IconDots size={19} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={draft.isPlain ? toRich : toPlain} title={draft.isPlain ? undefined : say('plainLoses')}>
                  {say(draft.isPlain ? 'rich' : 'plain')}
                </Menu.Item>
                {identity && (identity.textSignature || identity.htmlSignature) && <Menu.Item onClick={sign}>{say('signature')}</Menu.Item>}
                <Menu.Divider />
                <Menu.Item onClick={() => writer.change({ importance: draft.importance === 'high' ? 'normal' : 'high' })}>
                  {draft.importance === 'high' ? '✓ ' : ''}
                  {say('high')}
                </Menu.Item>
                <Menu.Item onClick={() => writer.change({ importance: draft.importance === 'low' ? 'normal' : 'low' })}>
                  {draft.importance === 'low' ? '✓ ' : ''}
                  {say('low')}
                </Menu.Item>
                <Menu.Item onClick={() => writer.change({ wantsReceipt: !draft.wantsReceipt })}>
                  {draft.wantsReceipt ? '✓ ' : ''}
                  {say('receipt')}
                </Menu.Item>
                <Reminders writer={writer} draft={draft} />
                {identity && identities[0] && identity.email !== identities[0].email && (
                  <Menu.Item disabled={identity.onBehalf} onClick={() => writer.change({ onBehalf: !draft.onBehalf })}>
                    {draft.onBehalf || identity.onBehalf ? '✓ ' : ''}
                    {say('onBehalf', { name: addressOf({ name: identity.name, email: identity.email, isValid: true }).name ?? identity.email })}
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
            <State writer={writer} />
            <ActionIcon variant="subtle" color="gray" size={34} onClick={() => writer.discard()} aria-label={say('discard')} title={say('discard')}>
              <IconTrash size={19} />
            </ActionIcon>
          </footer>
          <input ref={files} type="file" multiple hidden aria-hidden tabIndex={-1} data-kind="files" onChange={(e) => {
            attach(Array.from(e.currentTarget.files ?? []))
            e.currentTarget.value = ''
            setAsk(null)
          }} />
          <input ref={pictures} type="file" accept="image/png,image/jpeg,image/gif,image/webp" multiple hidden aria-hidden tabIndex={-1} data-kind="pictures" onChange={(e) => {
            const all = Array.from(e.currentTarget.files ?? [])
            e.currentTarget.value = ''
            const added = all.flatMap((f) => {
              const cid = takePicture(f)
              return cid ? [`<p><img src="cid:${cid}" alt=""></p>`] : []
            })
            if (added.length === 0) return
            writer.change({ html: writer.draft.html + added.join('') })
            setStamp(stamp + 1)
          }} />
        </fieldset>
      )}
      {over && <div className={classes.drop}>{say('drop')}</div>}
    </section>
  )
}
