import { Answered, EmptyState, Foreign, Panel, Status, useFormat, wordOf, type Health } from '@chappe/kit'
import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useMail } from '../../../jmap/mail'
import formClasses from '../form.module.css'
import { DIRECTIONS, factsOf, tracesQuery, type Asked, type Trace } from './data'
import classes from './page.module.css'
import { useTraceTexts } from './texts'

const HEALTH: Record<string, Health> = {
  filed: 'good', delivered: 'good', relayed: 'good', fetched: 'good', expanded: 'good',
  deferred: 'warn', delayed: 'warn', held: 'warn', quarantined: 'warn', queued: 'warn',
  failed: 'bad', expired: 'bad', refused: 'bad', returned: 'bad', 'not-filed': 'bad', deleted: 'bad',
}
/** What is told last and says how it ended: not that somebody read it. */
const outcome = (t: Trace) => [...(t.events ?? [])].reverse().find((e) => e.event in HEALTH && e.event !== 'fetched') ?? t.events?.at(-1)

function TraceRow({ trace }: { trace: Trace }) {
  const say = useTraceTexts()
  const format = useFormat()
  const last = outcome(trace)
  const isSent = trace.direction === 'sent'
  const who = isSent ? (trace.recipients ?? []).join(', ') : trace.sender || say('empty')
  return (
    <li className={classes.trace}>
      <div className={formClasses.line}>
        <div className={formClasses.grow}>
          <Foreign>{say(isSent ? 'to' : 'from', { who })}</Foreign>
          <div className={formClasses.note}>{format.dateTime(trace.time)}</div>
        </div>
        {last && <Status health={HEALTH[last.event] ?? 'none'}>{wordOf(say, 'event', last.event)}</Status>}
      </div>
      <details>
        <summary>{say('details')}</summary>
        <ol className={classes.events}>
          {(trace.events ?? []).map((e, i) => (
            <li key={i}>
              <time dateTime={e.time}>{format.dateTime(e.time)}</time>
              <div>
                {wordOf(say, 'event', e.event)}
                {factsOf(e).map((f) => (
                  <small key={f}>
                    <Foreign>{f}</Foreign>
                  </small>
                ))}
              </div>
            </li>
          ))}
        </ol>
        {trace.messageId && (
          <div className={formClasses.note}>
            {say('id')}: <Foreign>{trace.messageId}</Foreign>
          </div>
        )}
      </details>
    </li>
  )
}

export default function TracePage() {
  const say = useTraceTexts()
  const { jmap } = useMail()
  const [asked, setAsked] = useState<Asked>({ direction: 'all', other: '' })
  const [text, setText] = useState('')
  const found = useQuery(tracesQuery(jmap, asked))
  const search = (event: FormEvent) => {
    event.preventDefault()
    setAsked({ ...asked, other: text.trim() })
  }
  return (
    <>
      <form onSubmit={search} className={classes.search}>
        <Select
          label={say('which')}
          data={DIRECTIONS.map((d) => ({ value: d, label: say(`direction.${d}`) }))}
          value={asked.direction}
          onChange={(word) => setAsked({ ...asked, direction: DIRECTIONS.find((d) => d === word) ?? 'all' })}
          allowDeselect={false}
        />
        <TextInput label={say('with')} placeholder={say('withHint')} value={text} onChange={(e) => setText(e.currentTarget.value)} />
        <Button type="submit" variant="default">
          {say('search')}
        </Button>
      </form>
      <Panel flush>
        <Answered of={found}>
          {(all) =>
            all.length === 0 ? (
              <EmptyState title={say('none')}>{say('noneLead')}</EmptyState>
            ) : (
              <ul className={formClasses.rows}>
                {all.map((t) => (
                  <TraceRow key={t.id} trace={t} />
                ))}
              </ul>
            )
          }
        </Answered>
      </Panel>
    </>
  )
}
