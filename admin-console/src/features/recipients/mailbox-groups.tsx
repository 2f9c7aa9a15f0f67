import { Answered, Foreign, Panel } from '@chappe/kit'
import { IconPlus } from '@chappe/kit/icons'
import { Button, Select } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { groupQuery, groupsQuery, type UserDetails } from './data'
import classes from './mailbox.module.css'
import { useBulkTexts } from './texts-bulk'
import { useOneTexts } from './texts-one'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'

const LOOKED_AT = 100

/** The API tells a group's members, not a member's groups: so the groups of the organisation are looked through. */
const groupsOfQuery = (queries: QueryClient, user: UserDetails) =>
  queryOptions({
    queryKey: ['groups', 'of', user.address],
    queryFn: async () => {
      const all = await queries.fetchQuery(groupsQuery({ organisation: user.organisation ?? undefined }))
      const details = await Promise.all(all.slice(0, LOOKED_AT).map((g) => queries.fetchQuery(groupQuery(g.address))))
      return details.filter((g) => g.members?.some((m) => user.addresses.includes(m) || m === user.address))
    },
  })

function AddToGroup({ user, onClose }: { user: UserDetails; onClose: () => void }) {
  const say = useOneTexts()
  const bulk = useBulkTexts()
  const change = useChange()
  const groups = useQuery(groupsQuery({ organisation: user.organisation ?? undefined })).data ?? []
  const [group, setGroup] = useState('')
  return (
    <FormDialog
      title={say('addToGroup')}
      action={say('addToGroup')}
      command={commandLine(['group-member', 'add', group, user.address])}
      disabled={group === ''}
      onClose={onClose}
      onSubmit={() => change(() => api.post(path`/groups/${group}/members`, { member: user.address }), [['groups']], say('memberAdded', { address: user.address }))}
    >
      <Select label={bulk('group.which')} searchable limit={50} data={groups.map((g) => ({ value: g.address, label: `${g.name} (${g.address})` }))} value={group || null} onChange={(g) => setGroup(g ?? '')} data-autofocus />
    </FormDialog>
  )
}

export function GroupsTab({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const queries = useQueryClient()
  const mayWrite = useMay('recipient.write')
  const groups = useQuery(groupsOfQuery(queries, user))
  const [adds, setAdds] = useState(false)
  return (
    <Panel
      title={say('tab.groups')}
      actions={
        mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setAdds(true)}>
            {say('addToGroup')}
          </Button>
        )
      }
    >
      <Answered of={groups}>
        {(all) =>
          all.length === 0 ? (
            <p className={classes.none}>{say('noGroups')}</p>
          ) : (
            <ul className={classes.list}>
              {all.map((g) => (
                <li key={g.address}>
                  <Link to="/recipients/groups/$address" params={{ address: g.address }}>
                    <Foreign>{g.name}</Foreign>
                  </Link>
                  <small>
                    <Foreign>{g.address}</Foreign>
                  </small>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {adds && <AddToGroup user={user} onClose={() => setAdds(false)} />}
    </Panel>
  )
}
