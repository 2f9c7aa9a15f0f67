import { Answered, Panel, useFormat, wordOf } from '@chappe/kit'
import { Button, Group, Progress, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type * as z from 'zod/mini'
import { useMail, useStore } from '../../../jmap/mail'
import { quotas } from '../../../jmap/wire'
import { useFolderName } from '../../folders/names'
import { folderName } from '../../mail/place'
import { RetentionPanel } from '../../retention/panel'
import { useQuotaTexts } from './texts'

type Quota = z.infer<typeof quotas>['list'][number]

function Bar({ quota }: { quota: Quota }) {
  const say = useQuotaTexts()
  const format = useFormat()
  const show = quota.resourceType === 'octets' ? format.bytes : format.number
  const part = (quota.used / quota.hardLimit) * 100
  const title = wordOf(say, 'of', quota.id)
  return (
    <Panel title={title}>
      <Progress value={Math.min(100, part)} size={12} radius={6} color={part >= 100 ? 'red' : part >= 80 ? 'orange' : 'blue'} aria-label={title} />
      <Text size="sm" mt={8}>
        {say('used', { used: show(quota.used), limit: show(quota.hardLimit), percent: format.percent(quota.used, quota.hardLimit) })}
      </Text>
      {part >= 80 && (
        <Text size="sm" mt={4} fw={600} c="var(--mantine-color-error)" role="status">
          {say(part >= 100 ? 'full' : 'nearly')}
        </Text>
      )}
    </Panel>
  )
}

export default function QuotaPage() {
  const say = useQuotaTexts()
  const { own, jmap } = useMail()
  const store = useStore(own)
  const nameOf = useFolderName()
  const found = useQuery({ queryKey: ['quota', jmap.ownAccount], queryFn: ({ signal }) => jmap.call('Quota/get', { accountId: jmap.ownAccount, ids: null }, quotas, signal) })
  const cleared = ['trash', 'junk'].flatMap((role) => store.byRole(role) ?? []).filter((m) => m.totalEmails > 0)
  return (
    <>
      <Answered of={found}>
        {({ list }) => (
          <>
            {list.map((q) => (
              <Bar key={q.id} quota={q} />
            ))}
            {!list.some((q) => q.id === 'bytes') && <Text>{say('none')}</Text>}
          </>
        )}
      </Answered>
      <RetentionPanel />
      <Panel title={say('room')}>
        <Group gap="sm">
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/mail/$account/$folder" params={{ account: 'me', folder: 'all' }} search={{ sort: 'size down' }} />}>
            {say('largest')}
          </Button>
          {cleared.map((m) => (
            <Button key={m.id} variant="default" renderRoot={(props) => <Link {...props} to="/mail/$account/$folder" params={{ account: 'me', folder: folderName(m) }} />}>
              {say('clear', { name: nameOf(m), count: m.totalEmails })}
            </Button>
          ))}
        </Group>
      </Panel>
    </>
  )
}
