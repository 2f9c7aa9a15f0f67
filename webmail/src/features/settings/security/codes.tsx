import { Copy, useKitTexts } from '@chappe/kit'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import classes from './security.module.css'
import { useSecurityTexts } from './texts'

/** Recovery codes, this once. */
export function CodesDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const say = useSecurityTexts()
  const kit = useKitTexts()
  return (
    <Modal opened onClose={onClose} title={say('codes')} closeOnClickOutside={false} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
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
