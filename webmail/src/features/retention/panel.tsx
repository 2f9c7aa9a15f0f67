import { Foreign, Panel } from '@chappe/kit'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMail, useStore } from '../../jmap/mail'
import { useFolderName } from '../folders/names'
import { retentionQuery } from './data'
import { useRetentionTexts } from './texts'
import { useRuleWords } from './words'

/** Of each folder of the own mailbox whose mail does not stay for ever: what becomes of it. */
export function RetentionPanel() {
  const say = useRetentionTexts()
  const wordsOf = useRuleWords()
  const nameOf = useFolderName()
  const { own, jmap } = useMail()
  const store = useStore(own)
  const rules = useQuery(retentionQuery(jmap)).data ?? []
  const shown = rules
    .map((rule) => ({ rule, folders: rule.mailboxIds.flatMap((id) => store.mailboxes.get(id) ?? []) }))
    .filter(({ folders }) => folders.length > 0)
  if (shown.length === 0) return null
  return (
    <Panel title={say('title')}>
      <Text size="sm" mb={8}>
        {say('lead')}
      </Text>
      <dl>
        {shown.map(({ rule, folders }) => (
          <div key={rule.id}>
            <dt>
              <strong>
                {folders.map((m, i) => (
                  <Foreign key={m.id}>{(i > 0 ? ', ' : '') + nameOf(m)}</Foreign>
                ))}
              </strong>
            </dt>
            <dd>{wordsOf(rule)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
