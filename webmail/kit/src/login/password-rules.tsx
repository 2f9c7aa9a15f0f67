import { List, Text } from '@mantine/core'
import { useNewPasswordTexts } from './new-password-texts'

/** Who keeps a password, and what he asks of a new one; 0: nothing. */
export interface PasswordRule {
  keptIn: string
  /** False: who keeps it does not say. */
  known: boolean
  minLength: number
  complex: boolean
  history: number
  minAgeDays: number
  maxAgeDays: number
}

export function PasswordRules({ of }: { of: PasswordRule }) {
  const say = useNewPasswordTexts()
  const lines = [
    of.minLength > 0 && say('rule.length', { count: of.minLength }),
    of.complex && say('rule.complex'),
    of.history > 0 && say('rule.history', { count: of.history }),
    of.minAgeDays > 0 && say('rule.age', { count: of.minAgeDays }),
    of.maxAgeDays > 0 && say('rule.holds', { count: of.maxAgeDays }),
  ].filter((line) => line !== false)
  return (
    <div>
      <Text size="sm">{say(of.keptIn === 'directory' ? 'where' : 'whereHere')}</Text>
      {!of.known && <Text size="sm">{say('unknown')}</Text>}
      {of.known && lines.length > 0 && (
        <>
          <Text size="sm" fw={600} mt="xs">
            {say('rules')}
          </Text>
          <List size="sm">
            {lines.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </>
      )}
    </div>
  )
}
