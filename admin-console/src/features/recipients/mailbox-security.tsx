import { Answered, Foreign, Panel, useFormat, wordOf } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../app/session'
import { Factors } from '../account/factors'
import { grantsQuery } from '../delegation/data'
import { useRoleTexts } from '../delegation/roles'
import { AppPasswords } from './app-passwords'
import type { UserDetails } from './data'
import classes from './mailbox.module.css'
import { Sessions } from './sessions'
import { useOneTexts } from './texts-one'

function Grants({ address }: { address: string }) {
  const say = useOneTexts()
  const role = useRoleTexts()
  const format = useFormat()
  const list = useQuery(grantsQuery(address))
  return (
    <Panel title={say('grants')}>
      <Answered of={list}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noGrants')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((g) => (
                <li key={g.id}>
                  <span>
                    {wordOf(role, 'role', g.role)} · {wordOf(role, 'scope', g.scope)} <Foreign>{g.object}</Foreign>
                  </span>
                  {g.until && (
                    <small>
                      {say('expires')} {format.date(g.until)}
                    </small>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  )
}

export function SecurityTab({ user }: { user: UserDetails }) {
  const mayPassword = useMay('password.write')
  const mayDelegation = useMay('delegation.read')
  return (
    <div className={classes.two}>
      {mayPassword && <AppPasswords address={user.address} />}
      <Factors address={user.address} mayRemove={mayPassword} />
      <Sessions address={user.address} />
      {mayDelegation && <Grants address={user.address} />}
    </div>
  )
}
