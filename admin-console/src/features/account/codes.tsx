import { Copy, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import classes from './account.module.css'
import { useTexts } from './texts'

/** Recovery codes, this once. */
export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const say = useTexts()
  const kit = useKitTexts()
  return (
    <Modal opened onClose={onClose} title={say('codes')} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack gap="md">
        <Text size="sm">{say('codesShown')}</Text>
        <ul className={classes.codes}>
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Group justify="space-between">
          <Copy text={codes.join('\n')} />
          <Button onClick={onClose}>{say('codesKept')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
