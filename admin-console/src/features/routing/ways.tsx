import { Answered, Foreign, Status, useFormat, wordOf, type Health } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Command, commandLine } from '../../app/command'
import { routeQuery, type RouteQuestion } from './data'
import classes from './routing.module.css'
import { useTexts } from './texts'

const HEALTH: Record<string, Health> = { store: 'good', host: 'good', mx: 'good', wait: 'warn', none: 'bad' }

/** How mail to an address would travel now: what the address stands for, then each way with its reason. */
export function Ways(question: RouteQuestion) {
  const say = useTexts()
  const format = useFormat()
  const told = useQuery(routeQuery(question))
  return (
    <div aria-live="polite">
      <Answered of={told} lines={3}>
        {({ verdict, steps, ways }) => (
          <>
            {ways.length === 0 && (
              <p>
                <Status health="bad">{wordOf(say, 'verdict', verdict)}</Status>
              </p>
            )}
            {steps.length > 0 && (
              <ol className={classes.steps}>
                {steps.map((s, i) => (
                  <li key={i}>
                    <small>{wordOf(say, 'step', s.what)}</small> <Foreign>{s.from}</Foreign>
                    {s.to && (
                      <>
                        {' → '}
                        <Foreign>{s.what === 'elsewhere' ? wordOf(say, 'why', s.to) : s.to}</Foreign>
                      </>
                    )}
                  </li>
                ))}
              </ol>
            )}
            <ul className={classes.ways}>
              {ways.map((w, i) => (
                <li key={i}>
                  <strong>
                    <Status health={HEALTH[w.way] ?? 'none'}>
                      <Foreign>{w.address}</Foreign>
                    </Status>
                  </strong>
                  <span>
                    {wordOf(say, 'way', w.way)}
                    {w.connector && (
                      <>
                        {' · '}
                        <Link to="/routing/connectors/$name" params={{ name: w.connector }}>
                          <Foreign>{w.connector}</Foreign>
                        </Link>
                      </>
                    )}
                    {w.hosts.length > 0 && (
                      <>
                        {' → '}
                        <Foreign>{w.hosts.join(', ')}</Foreign>
                      </>
                    )}
                    {w.opens && ` · ${say('opens', { when: format.dateTime(w.opens) })}`}
                  </span>
                  {w.reason && (
                    <small>
                      <Foreign>{w.reason}</Foreign>
                    </small>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Answered>
      <Command line={commandLine(['route', question.recipient], { from: question.sender, size: question.size })} />
    </div>
  )
}
