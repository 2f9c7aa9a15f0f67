import { Answered, Facts, Foreign, Panel, useFormat } from '@chappe/kit'
import { Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Recoverable } from '../storage/recoverable'
import { AccessPanel } from './access'
import { foldersQuery, type UserDetails } from './data'
import { QuotaBar } from './mailbox-overview'
import classes from './mailbox.module.css'
import { useOneTexts } from './texts-one'

export function FoldersTab({ user }: { user: UserDetails }) {
  const say = useOneTexts()
  const format = useFormat()
  const folders = useQuery(foldersQuery(user.address))
  return (
    <div className={classes.two}>
      {user.kind !== 'user' && <AccessPanel address={user.address} />}
      <Panel title={say('used')}>
        <Facts
          rows={[
            [say('used'), <QuotaBar user={user} />],
            [say('messages'), format.number(user.messages ?? 0)],
          ]}
        />
      </Panel>
      <Panel title={say('folders')}>
        <Answered of={folders}>
          {(all) => (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label={say('folders')}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{say('folder')}</Table.Th>
                    <Table.Th ta="right">{say('messages')}</Table.Th>
                    <Table.Th ta="right">{say('unseen')}</Table.Th>
                    <Table.Th ta="right">{say('size')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {all.map((f) => (
                    <Table.Tr key={f.name}>
                      <Table.Td>
                        <Foreign>{f.name}</Foreign>
                      </Table.Td>
                      <Table.Td ta="right">{format.number(f.messages)}</Table.Td>
                      <Table.Td ta="right">{format.number(f.unseen)}</Table.Td>
                      <Table.Td ta="right">{format.bytes(f.bytes)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )}
        </Answered>
      </Panel>
      <Recoverable address={user.address} />
    </div>
  )
}
