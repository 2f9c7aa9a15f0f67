import { Answered, EmptyState, ErrorPanel, Facts, Foreign, Page, useFormat, type Column } from '@chappe/kit'
import { Stack } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { Command, commandLine } from '../../app/command'
import { ListTable } from '../../app/list-table'
import { OrganisationField, useOrganisation } from '../../app/organisation-field'
import { Side } from '../../app/side'
import list from '../recipients/list.module.css'
import classes from './filter.module.css'
import { useTexts } from './texts'

/** A message that waits for somebody's decision, whatever holds it. */
export interface SetAside {
  subject: string
  sender: string
  recipients: string[]
  bytes: number
  expires?: string | null | undefined
}
type Words = 'reason' | 'cause' | 'received' | 'held' | 'keptUntil' | 'decideUntil'
/** What the two kinds call the same things. */
export interface Kind<M> {
  why: { word: Words; of: (message: M) => string }
  since: { word: Words; of: (message: M) => string | null | undefined }
  until: Words
}

interface ListProps<M> {
  kind: Kind<M>
  title: string
  lead: string
  none: { title: string; lead: string }
  /** Of the command line. */
  noun: string
  of: ReturnType<typeof useOrganisation>
  rows: M[]
  rowKey: (message: M) => string
  pages: { error: unknown; isPending: boolean; refetch: () => unknown; hasMore?: boolean; onMore?: () => void }
  onOrganisation: (organisation: string | undefined) => void
  onOpen: (id: string) => void
  /** Below the list. */
  children?: ReactNode
}

/** All of them, the newest first. */
export function SetAsideList<M extends SetAside>(p: ListProps<M>) {
  const say = useTexts()
  const format = useFormat()
  const { kind } = p
  const columns = useMemo<Column<M>[]>(
    () => [
      { id: 'subject', title: say('subject'), width: 2.2, value: (m) => m.subject || say('noSubject'), cell: (m) => <Foreign title={m.subject}>{m.subject || say('noSubject')}</Foreign> },
      { id: 'sender', title: say('sender'), width: 1.8, value: (m) => m.sender || '<>', cell: (m) => <Foreign title={m.sender}>{m.sender || '<>'}</Foreign> },
      { id: 'recipients', title: say('recipients'), width: 1.6, yields: 'm', value: (m) => m.recipients.join(', '), cell: (m) => <Foreign title={m.recipients.join(', ')}>{m.recipients.join(', ')}</Foreign> },
      { id: 'why', title: say(kind.why.word), width: 1.6, yields: 's', value: (m) => kind.why.of(m), cell: (m) => <Foreign title={kind.why.of(m)}>{kind.why.of(m)}</Foreign> },
      {
        id: 'since',
        title: say(kind.since.word),
        width: 0.9,
        yields: 's',
        align: 'end',
        cell: (m) => {
          const since = kind.since.of(m)
          return since ? format.ago(since) : ''
        },
      },
      { id: 'expires', title: say(kind.until), width: 0.9, yields: 'm', align: 'end', value: (m) => m.expires, cell: (m) => (m.expires ? format.date(m.expires) : '') },
    ],
    [say, format, kind],
  )
  return (
    <Page fill title={p.title} lead={p.lead}>
      <div className={list.filters}>
        <OrganisationField of={p.of} onChange={p.onOrganisation} />
      </div>
      {p.pages.error !== null && <ErrorPanel error={p.pages.error} retry={() => void p.pages.refetch()} />}
      <ListTable
        label={p.title}
        columns={columns}
        rows={p.rows}
        rowKey={p.rowKey}
        onOpen={(m) => p.onOpen(p.rowKey(m))}
        hasMore={p.pages.hasMore ?? false}
        isLoading={p.pages.isPending}
        onMore={p.pages.onMore ?? (() => undefined)}
        empty={<EmptyState title={p.none.title}>{p.none.lead}</EmptyState>}
      />
      {p.children}
      <Command line={commandLine([p.noun, 'list'], { org: p.of.organisation })} />
    </Page>
  )
}

interface OneProps<M> {
  kind: Kind<M>
  of: UseQueryResult<M & { message: string }>
  /** Beside what both have. */
  facts: (message: M) => [string, ReactNode]
  before?: (message: M) => ReactNode
  after: (message: M) => ReactNode
  onClose: () => void
}

/** One of them: who, why, and the beginning of it as plain text. Nothing of it is interpreted. */
export function SetAsideOne<M extends SetAside>({ kind, of, facts, before, after, onClose }: OneProps<M>) {
  const say = useTexts()
  const format = useFormat()
  return (
    <Side title={of.data?.subject ?? ''} size="xl" onClose={onClose}>
      <Answered of={of}>
        {(m) => {
          const since = kind.since.of(m)
          return (
            <Stack>
              <Facts
                rows={[
                  [say(kind.why.word), <Foreign key="why">{kind.why.of(m)}</Foreign>],
                  [say('sender'), <Foreign key="from">{m.sender || '<>'}</Foreign>],
                  [say('recipients'), <Foreign key="to">{m.recipients.join(', ')}</Foreign>],
                  facts(m),
                  [say('size'), format.bytes(m.bytes)],
                  [say(kind.since.word), since ? format.dateTime(since) : ''],
                  [say(kind.until), m.expires ? format.dateTime(m.expires) : ''],
                ]}
              />
              {before?.(m)}
              <pre className={classes.source} tabIndex={0} aria-label={say('preview')}>
                {m.message}
              </pre>
              {after(m)}
            </Stack>
          )
        }}
      </Answered>
    </Side>
  )
}
