import { Button, Group } from '@mantine/core'
import { Notifications, notifications } from '@mantine/notifications'
import { useEffect } from 'react'
import { useKitTexts } from '../language/texts'
import { takeNotices, useNoticeCount, type Notice } from './notices'

const DONE_MS = 5000
const ACTION_MS = 9000

function show(n: Notice, close: string): void {
  const { action } = n
  const withAction = action && (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <span>{n.message}</span>
      <Button
        variant="subtle"
        size="compact-sm"
        onClick={() => {
          notifications.hide(id)
          action.run()
        }}
      >
        {action.label}
      </Button>
    </Group>
  )
  const id = notifications.show({
    message: withAction ?? n.message,
    ...(n.title && { title: n.title }),
    color: n.isTrouble ? 'red' : 'green',
    autoClose: n.isTrouble ? false : action ? ACTION_MS : DONE_MS,
    withBorder: true,
    closeButtonProps: { 'aria-label': close },
  })
}

/** Shows the notices; loaded with the first of them. */
export default function NoticeBoard() {
  const say = useKitTexts()
  const count = useNoticeCount()
  useEffect(() => takeNotices().forEach((n) => show(n, say('close'))), [count, say])
  return <Notifications position="bottom-right" limit={4} />
}
