// All windows in which one writes, and the word about what has just left.
import { errorWords, Foreign, tellDone, tellTrouble, useFormat, useKitTexts } from '@chappe/kit'
import { Button, CloseButton, Group, Modal, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import { SetError } from '../../jmap/errors'
import { useMail } from '../../jmap/mail'
import type { ComposeIntent } from '../../app/plugs'
import classes from './dock.module.css'
import { emptyDraft, type Draft } from './draft'
import { identitiesQuery, type Identity } from './identities'
import { again, answer, forward, ofMailto, readMessage, type Words } from './intents'
import { choices, UNDO_SECONDS } from '../mail/choices'
import { keptOf } from './kept'
import { chipOfAddress } from './addresses'
import { htmlOfText } from './draft'
import { learnInside } from './people'
import { takeIntents, useIntentCount } from './plug'
import { DraftServer, type Submission } from './server'
import { useComposeTexts } from './texts'
import { ComposeWindow } from './window'
import { Writer, type Surroundings } from './writer'

const SAID_MS = 6000

interface Held {
  writer: Writer
  submission: Submission
  until: number
}

const ours = new Set<string>()

/** One page at a time has a draft; a page that ends or crashes gives it free. False: another one has it. */
async function hold(messageId: string): Promise<boolean> {
  if (!('locks' in navigator) || ours.has(messageId)) return true
  return new Promise((resolve) => {
    void navigator.locks.request(`chappe-draft ${messageId}`, { ifAvailable: true }, (lock) => {
      if (lock) ours.add(messageId)
      resolve(lock !== null)
      return lock ? new Promise(() => {}) : undefined
    })
  })
}

function useWords(): Words {
  const say = useComposeTexts()
  const format = useFormat()
  return useMemo(
    () => ({
      wrote: (date, name) => say('wrote.line', { date, name }),
      forwarded: say('forward.line'),
      label: (name, value) => say(`label.${name}`, { value }),
      date: (iso) => format.dateTime(iso),
    }),
    [say, format],
  )
}

const REFUSED = ['forbiddenFrom', 'invalidRecipients', 'tooLarge', 'tooManyRecipients'] as const

function UndoBar({ held, onUndo, onClose }: { held: Held; onUndo: () => void; onClose: () => void }) {
  const say = useComposeTexts()
  const format = useFormat()
  const [now, setNow] = useState(Date.now())
  const left = Math.ceil((held.until - now) / 1000)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const isOver = left <= 0
  useEffect(() => {
    if (!isOver) return
    const timer = setTimeout(onClose, SAID_MS)
    return () => clearTimeout(timer)
  }, [isOver]) // eslint-disable-line
  const isLater = held.writer.draft.sendAt !== null
  return (
    <div className={classes.bar} role="status">
      <span>{isLater ? say('done.scheduled', { when: format.dateTime(held.submission.sendAt) }) : isOver ? say('done.sent') : say('done.held', { seconds: left })}</span>
      {!isOver && (
        <Button size="compact-sm" variant="white" onClick={onUndo}>
          {say('undo')}
        </Button>
      )}
      <CloseButton size="sm" variant="transparent" className={classes.close} aria-label={say('dismiss')} onClick={onClose} />
    </div>
  )
}

function Scheduled({ server, onClose, onBack }: { server: DraftServer; onClose: () => void; onBack: (emailId: string) => void }) {
  const say = useComposeTexts()
  const kit = useKitTexts()
  const format = useFormat()
  const mail = useMail()
  const found = useQuery({
    queryKey: ['scheduled', mail.own.accountId],
    queryFn: async () => {
      const all = await server.pending()
      return Promise.all(all.map(async (s) => ({ s, message: await readMessage(mail.jmap, mail.own.accountId, s.emailId) })))
    },
  })
  const cancel = async (s: Submission) => {
    try {
      await server.cancel(s)
      onBack(s.emailId)
    } catch (cause) {
      tellTrouble(say('tooLate'), errorWords(cause, kit))
    }
    void found.refetch()
  }
  return (
    <Modal opened onClose={onClose} title={say('scheduled')} size="lg" closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack gap="xs">
        {found.data?.length === 0 && say('scheduled.none')}
        {found.data?.map(({ s, message }) => (
          <Group key={s.id} justify="space-between" wrap="nowrap">
            <div>
              <Foreign>{message?.subject || say('noSubject')}</Foreign>
              <div className={classes.when}>{format.dateTime(s.sendAt)}</div>
            </div>
            <Button size="compact-sm" variant="light" onClick={() => void cancel(s)}>
              {say('scheduled.cancel')}
            </Button>
          </Group>
        ))}
      </Stack>
    </Modal>
  )
}

export default function Dock() {
  const say = useComposeTexts()
  const kit = useKitTexts()
  const mail = useMail()
  const queries = useQueryClient()
  const words = useWords()
  const [, draw] = useReducer((n: number) => n + 1, 0)
  const writers = useRef<Writer[]>([])
  const [held, setHeld] = useState<Held[]>([])
  const [scheduled, setScheduled] = useState(false)
  const identities = useQuery(identitiesQuery(mail.jmap))
  const known = useRef<readonly Identity[]>([])
  known.current = identities.data ?? known.current
  useEffect(() => learnInside(known.current), [identities.data])

  const own = useRef(mail.own)
  own.current = mail.own
  const server = useMemo(() => {
    const id = (role: string) => own.current.byRole(role)?.id
    return new DraftServer(mail.jmap, () => ({ drafts: id('drafts'), sent: id('sent'), trash: id('trash') }))
  }, [mail.jmap])

  const around = useMemo<Surroundings>(
    () => ({
      jmap: () => mail.jmap,
      owner: mail.own.accountId,
      server,
      identities: () => known.current,
      undoSeconds: () => (choices().undoSend === null ? UNDO_SECONDS : 0),
      onSent: (writer, submission) => {
        const until = submission.undoStatus === 'pending' ? Date.parse(submission.sendAt) : 0
        setHeld((all) => [...all.filter((h) => h.writer !== writer), { writer, submission, until }].slice(-3))
        void mail.own.sync()
      },
      onGone: (writer) => {
        if (writer.draft.phase === 'discarding' && writer.draft.serverId) tellDone(say('discarded'))
        writers.current = writers.current.filter((w) => w !== writer)
        draw()
        void mail.own.sync()
      },
      onRefused: (writer, cause) => {
        const type = cause instanceof SetError ? REFUSED.find((r) => r === cause.type) : undefined
        const text = cause instanceof SetError ? cause.message : errorWords(cause, kit)
        tellTrouble(say('refused'), [type && say(`refused.${type}`), text].filter(Boolean).join(' '))
        writer.show({ isSmall: false })
        draw()
      },
    }),
    [mail, server], // eslint-disable-line
  )

  const open = useCallback(
    (draft: Draft) => {
      const writer = new Writer(around, draft)
      writers.current = [...writers.current, writer]
      writer.work()
      draw()
    },
    [around],
  )
  const begin = useCallback(
    async (draft: Draft, isNew: boolean) => {
      const there = writers.current.find((w) => w.draft.messageId === draft.messageId)
      if (there) {
        there.show({ isSmall: false })
        return
      }
      if (!(await hold(draft.messageId))) {
        if (isNew) tellTrouble(say('write'), say('elsewhere'))
        return
      }
      open(draft)
    },
    [open], // eslint-disable-line
  )

  const follow = useCallback(
    async (intent: ComposeIntent | { kind: 'mailto'; url: string } | { kind: 'scheduled' }) => {
      try {
        if (intent.kind === 'scheduled') {
          setScheduled(true)
          return
        }
        const all = await queries.fetchQuery(identitiesQuery(mail.jmap))
        known.current = all
        learnInside(all)
        const base = { ...emptyDraft(location.hostname), identityId: (all.find((i) => i.id === choices().identity) ?? all[0])?.id ?? null }
        const signed = (d: Draft): Draft => {
          const identity = all.find((i) => i.id === d.identityId) ?? all[0]
          const signature = identity?.htmlSignature ? identity.htmlSignature : identity?.textSignature ? htmlOfText(identity.textSignature) : ''
          if (!signature || (!choices().signsReplies && d.answers)) return d
          return d.isPlain ? { ...d, text: `${d.text}\n\n-- \n${identity?.textSignature ?? ''}` } : { ...d, html: `${d.html || '<p></p>'}<p></p>${signature}` }
        }
        if (intent.kind === 'mailto') return void (await begin(signed(ofMailto(base, intent.url)), true))
        if (intent.kind === 'new') {
          const html = intent.text ? htmlOfText(intent.text) : ''
          return void (await begin(signed({ ...base, to: (intent.to ?? []).map(chipOfAddress), subject: intent.subject ?? '', html }), true))
        }
        const account = mail.byId(intent.accountId) ?? mail.own
        const message = await readMessage(mail.jmap, account.accountId, intent.emailId)
        if (!message) return tellTrouble(say('write'), say('notThere'))
        const { accountId } = account
        if (intent.kind === 'draft') await begin(again(base, message, accountId === mail.own.accountId, all), true)
        else if (intent.kind === 'again') await begin(again(base, message, false, all), true)
        else if (intent.kind === 'forward') await begin(signed(forward(base, message, accountId, intent.asFile === true, all, words)), true)
        else await begin(signed(answer(base, message, accountId, intent.kind === 'replyAll', all, words)), true)
      } catch (cause) {
        tellTrouble(say('write'), errorWords(cause, kit))
      }
    },
    [begin, mail, queries, words], // eslint-disable-line
  )

  // What was being written when the page ended.
  useEffect(() => {
    void queries
      .fetchQuery(identitiesQuery(mail.jmap))
      .then((all) => {
        known.current = all
      })
      .catch(() => {})
      .then(() => keptOf(mail.own.accountId))
      .then((all) => Promise.all((all ?? []).map((d) => begin(d, false))))
      .catch(() => {})
    const resume = () => writers.current.forEach((w) => w.resume())
    const hide = () => writers.current.forEach((w) => void w.keepNow())
    window.addEventListener('online', resume)
    document.addEventListener('visibilitychange', hide)
    window.addEventListener('pagehide', hide)
    return () => {
      window.removeEventListener('online', resume)
      document.removeEventListener('visibilitychange', hide)
      window.removeEventListener('pagehide', hide)
    }
  }, [mail.own.accountId]) // eslint-disable-line

  const count = useIntentCount()
  useEffect(() => {
    takeIntents().forEach((intent) => void follow(intent))
  }, [count, follow])

  const undo = async ({ writer, submission }: Held) => {
    try {
      await server.cancel(submission)
      tellDone(say('undone'))
      setHeld((all) => all.filter((h) => h.writer !== writer))
      open({ ...writer.draft, phase: 'writing', isSubmitted: false, sendAt: null, isSmall: false })
      void mail.own.sync()
    } catch (cause) {
      tellTrouble(say('tooLate'), cause instanceof SetError ? cause.message : errorWords(cause, kit))
    }
  }
  const shown = writers.current.filter((w) => w.draft.phase === 'writing' || w.draft.phase === 'sending')
  return (
    <>
      <div className={classes.dock}>
        {shown.map((w) => (
          <ComposeWindow key={w.draft.messageId} writer={w} identities={identities.data ?? []} onTop={() => {}} />
        ))}
      </div>
      <div className={classes.bars}>
        {held.map((h) => (
          <UndoBar key={h.submission.id} held={h} onUndo={() => void undo(h)} onClose={() => setHeld((all) => all.filter((o) => o !== h))} />
        ))}
      </div>
      {scheduled && <Scheduled server={server} onClose={() => setScheduled(false)} onBack={(emailId) => void follow({ kind: 'draft', accountId: mail.own.accountId, emailId })} />}
    </>
  )
}
