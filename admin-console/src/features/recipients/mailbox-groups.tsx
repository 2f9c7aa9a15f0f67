import { Answered, Confirm, Foreign, Panel } from '@chappe/kit'
import { IconPlus, IconX } from '@chappe/kit/icons'
import { ActionIcon, Button, Select, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, path } from '../../app/api'
import { useChange } from '../../app/change'
import { Command, commandLine } from '../../app/command'
import { FormDialog } from '../../app/form-dialog'
import { useMay } from '../../app/session'
import { groupsOfQuery, groupsQuery, type UserDetails } from './data'
import classes from './mailbox.module.css'
import { useBulkTexts } from './texts-bulk'
import { useOneTexts } from './texts-one'

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
  const change = useChange()
  const mayWrite = useMay('recipient.write')
  const groups = useQuery(groupsOfQuery(user.address))
  const [adds, setAdds] = useState(false)
  const [leaves, setLeaves] = useState<string | null>(null)
  const leave = (group: string) => change(() => api.delete(path`/groups/${group}/members/${user.address}`), [['groups']], say('groupLeft', { group }))
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
      <Text size="sm" c="dimmed">
        {say('groupsLead')}
      </Text>
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
                  {mayWrite && (
                    <ActionIcon variant="subtle" color="red" aria-label={say('leaveGroup', { group: g.address })} onClick={() => setLeaves(g.address)}>
                      <IconX size={17} />
                    </ActionIcon>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {leaves !== null && (
        <Confirm title={say('leaveGroup', { group: leaves })} action={say('takeOut')} onDone={() => setLeaves(null)} onAct={() => leave(leaves)}>
          <Command line={commandLine(['group-member', 'remove', leaves, user.address])} />
        </Confirm>
      )}
      {adds && <AddToGroup user={user} onClose={() => setAdds(false)} />}
    </Panel>
  )
}
