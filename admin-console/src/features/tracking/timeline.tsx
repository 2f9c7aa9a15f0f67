import { Foreign, Status, useFormat, useLanguage, wordOf, type Health } from '@chappe/kit'
import { useMemo } from 'react'
import type { TraceEvent } from './data'
import { useTexts } from './texts'
import classes from './tracking.module.css'

const HEALTH: Record<string, Health> = {
  refused: 'bad', failed: 'bad', expired: 'bad', returned: 'bad', quarantined: 'bad', deleted: 'bad',
  deferred: 'warn', delayed: 'warn', held: 'warn', 'given-back': 'warn',
  filed: 'good', delivered: 'good', relayed: 'good', expanded: 'good', fetched: 'good', released: 'good', accepted: 'good',
}
export const eventHealth = (name: string): Health => HEALTH[name] ?? 'none'

const HEAD = new Set(['t', 'time', 'event', 'to', 'for', 'asked'])
const MEASURES = new Set(['size'])

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join('; ')
  if (value === null || value === undefined || value === false) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function Details({ event }: { event: TraceEvent }) {
  const say = useTexts()
  const format = useFormat()
  const rows = Object.entries(event).filter(([key, value]) => !HEAD.has(key) && shown(value) !== '')
  if (rows.length === 0) return null
  return (
    <dl className={classes.details}>
      {rows.map(([key, value]) => (
        <div key={key}>
          <dt>{wordOf(say, 'field', key)}</dt>
          <dd>
            {value === true ? (
              say('yes')
            ) : MEASURES.has(key) && typeof value === 'number' ? (
              format.bytes(value)
            ) : Array.isArray(value) && value.length > 1 ? (
              <ul>
                {value.map((v, i) => (
                  <li key={i}>
                    <Foreign>{shown(v)}</Foreign>
                  </li>
                ))}
              </ul>
            ) : key === 'until' && typeof value === 'string' ? (
              format.dateTime(value)
            ) : (
              <Foreign>{shown(value)}</Foreign>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** From arrival to mailbox: every decision in its order, with its reason. */
export function Timeline({ events, timeless }: { events: TraceEvent[]; timeless?: boolean }) {
  const say = useTexts()
  const language = useLanguage()
  const clock = useMemo(() => new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', { timeStyle: 'medium' }), [language])
  return (
    <ol className={classes.timeline}>
      {events.map((e, i) => {
        const to = shown(e['to']) || shown(e['for'])
        const asked = shown(e['asked'])
        return (
          <li key={i} data-health={eventHealth(e.event)} data-timeless={timeless || undefined}>
            {!timeless && <time dateTime={e.time}>{clock.format(new Date(e.time))}</time>}
            <div className={classes.event}>
              <div className={classes.eventHead}>
                <strong>
                  <Status health={eventHealth(e.event)}>{wordOf(say, 'event', e.event)}</Status>
                </strong>
                {(to || asked) && (
                  <span>
                    <Foreign>{to || asked}</Foreign>
                    {to && asked && asked !== to && (
                      <small>
                        {' '}
                        {say('askedAs')} <Foreign>{asked}</Foreign>
                      </small>
                    )}
                  </span>
                )}
              </div>
              <Details event={e} />
            </div>
          </li>
        )
      })}
    </ol>
  )
}
