import { Panel } from '@chappe/kit'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, path } from '../../app/api'
import { useMay, useSession } from '../../app/session'
import { levelQuery } from '../protocols/data'
import { ProtocolForm } from '../protocols/form'
import { useTexts } from '../protocols/texts'
import type { UserDetails } from './data'

/** By what this account may log in, and what its domain or organisation closes. */
export function ProtocolsTab({ user }: { user: UserDetails }) {
  const say = useTexts()
  const session = useSession()
  const mayWrite = useMay('recipient.write')
  const domain = useQuery({ ...levelQuery('domains', user.address.split('@').pop()), enabled: useMay('domain.read') }).data
  const organisation = useQuery({ ...levelQuery('organisations', user.organisation ?? undefined), enabled: useMay('organisation.read') && user.organisation != null }).data
  return (
    <Panel title={say('protocols')}>
      <ProtocolForm
        key={user.protocols.join()}
        allowed={user.protocols}
        above={[organisation, domain].filter((l) => l !== undefined)}
        mayWrite={mayWrite}
        isOwn={session.login === user.address}
        command={['user', 'set', user.address]}
        keys={[['users']]}
        save={(protocols) => api.patch(path`/users/${user.address}`, { protocols })}
      />
      <Text size="sm" c="dimmed" mt="sm">
        {say('programs')}
      </Text>
    </Panel>
  )
}
