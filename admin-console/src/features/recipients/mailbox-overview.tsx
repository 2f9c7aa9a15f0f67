import { Facts, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { Progress } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Command, commandLine } from '../../app/command'
import type { UserDetails } from './data'
import classes from './mailbox.module.css'
import { isOwned, OwnedPanel } from './owned'
import { useTexts } from './texts'
import { useAddTexts } from './texts-add'
import { useOneTexts } from './texts-one'

export function QuotaBar({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const words = useTexts()
  const format = useFormat()
  const used = user.used ?? 0
  if (!user.quota) return <>{`${format.bytes(used)} · ${words('noLimit')}`}</>
  const part = Math.min(100, (100 * used) / user.quota)
  const text = say('usedOf', { used: format.bytes(used), quota: format.bytes(user.quota) })
  return (
    <div>
      <Progress value={part} color={part >= 95 ? 'red' : part >= 80 ? 'yellow' : 'blue'} aria-label={text} />
      <small>
        {text} ({format.percent(used, user.quota)})
      </small>
    </div>
  )
}

export function Overview({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const words = useTexts()
  const add = useAddTexts()
  const format = useFormat()
  return (
    <div className={classes.two}>
      <Panel title={say('tab.overview')}>
        <Facts
          rows={[
            [words('kind'), wordOf(words, 'kind', user.kind)],
            [words('organisation'), user.organisation ? <Link to="/organisations/$name" params={{ name: user.organisation }}><Foreign>{user.organisation}</Foreign></Link> : ''],
            ...(user.admin_group ? [[add('adminGroup'), <Foreign key="g">{user.admin_group}</Foreign>] as [string, React.ReactNode]] : []),
            [say('hasPassword'), isOwned(user, 'password') ? <Foreign>{user.source}</Foreign> : user.kind === 'user' ? say(user.has_password ? 'password.yes' : 'password.no') : '–'],
            [words('created'), user.created ? format.dateTime(user.created) : '–'],
            [words('addresses'), <div className={classes.stack}>{user.addresses.map((a) => <Foreign key={a}>{a}</Foreign>)}</div>],
          ]}
        />
      </Panel>
      <Panel title={say('tab.mailbox')}>
        <Facts
          rows={[
            [say('used'), <QuotaBar user={user} />],
            [say('messages'), format.number(user.messages ?? 0)],
            [say('forward'), user.forward?.length ? <div className={classes.stack}>{user.forward.map((a) => <Foreign key={a}>{a}</Foreign>)}</div> : say('nobody')],
            [say('accepts'), wordOf(say, 'accepts', user.accepts ?? 'anyone')],
          ]}
        />
        <Command line={commandLine(['user', 'show', user.address])} />
      </Panel>
      <OwnedPanel user={user} />
    </div>
  )
}
