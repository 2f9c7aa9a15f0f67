import { Answered, Foreign, Panel, Status, useFormat } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Command } from '../../app/command'
import { lanesQuery } from '../home/data'
import classes from './queue.module.css'
import { useTexts } from './texts'

const SHOWN = 8

/** How much waits for each destination, the longest first, as bars against the longest. */
export function Lanes({ domain }: { domain: string | undefined }) {
  const say = useTexts()
  const format = useFormat()
  const lanes = useQuery(lanesQuery)
  return (
    <Panel title={say('lanes')}>
      <Answered of={lanes} lines={2}>
        {({ lanes: all }) => {
          if (all.length === 0) return <Status health="good">{say('empty')}</Status>
          const sorted = [...all].sort((a, b) => b.waiting - a.waiting)
          const most = Math.max(1, sorted[0]?.waiting ?? 1)
          return (
            <>
              <ul className={classes.lanes}>
                {sorted.slice(0, SHOWN).map((l) => (
                  <li key={l.lane} data-chosen={l.lane === domain || undefined}>
                    <span className={classes.laneName}>
                      {l.lane.includes('.') ? (
                        <Link to="/queue" search={{ domain: l.lane }}>
                          <Foreign>{l.lane}</Foreign>
                        </Link>
                      ) : (
                        <Foreign>{l.lane}</Foreign>
                      )}
                    </span>
                    <svg className={classes.bar} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
                      <rect width={Math.max(1.5, (l.waiting / most) * 100)} height="8" rx="1" />
                    </svg>
                    <span className={classes.laneCount}>{say('waiting', { count: l.waiting, shown: format.number(l.waiting) })}</span>
                    <span className={classes.laneNext}>{l.next ? format.ago(l.next) : ''}</span>
                  </li>
                ))}
              </ul>
              {sorted.length > SHOWN && <p className={classes.more}>{say('moreLanes', { count: sorted.length - SHOWN })}</p>}
            </>
          )
        }}
      </Answered>
      <Command line="chappe queue lanes" />
    </Panel>
  )
}
