import { Copy, parseBytes } from '@chappe/kit'
import { Button, Group, PasswordInput, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { makePassword } from './password'
import { useAddTexts } from './texts-add'

export function QuotaField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const say = useAddTexts()
  return <TextInput label={say('quota')} description={say('quotaHelp')} value={value} onChange={(e) => onChange(e.currentTarget.value)} error={parseBytes(value) === null ? say('quotaBad') : null} />
}

/** A password typed, or made up and shown once. */
export function PasswordField({ value, onChange, required, autoFocus }: { value: string; onChange: (text: string) => void; required?: boolean; autoFocus?: boolean }) {
  const say = useAddTexts()
  const [made, setMade] = useState(false)
  return (
    <div>
      <PasswordInput
        label={say('password')}
        description={say('passwordHelp')}
        value={value}
        required={required ?? false}
        minLength={8}
        maxLength={1024}
        autoComplete="new-password"
        data-autofocus={autoFocus || undefined}
        {...(made && { visible: true })}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
      <Group gap="xs" mt={6}>
        <Button
          size="compact-xs"
          variant="light"
          onClick={() => {
            setMade(true)
            onChange(makePassword())
          }}
        >
          {say('generate')}
        </Button>
        {made && (
          <>
            <Copy text={value} />
            <Text size="xs" c="dimmed">
              {say('generated')}
            </Text>
          </>
        )}
      </Group>
    </div>
  )
}
