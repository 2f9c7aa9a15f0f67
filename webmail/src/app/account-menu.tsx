import { ChoiceItems, Menu, MenuOnDemand } from '@chappe/kit'
import { IconLogout, IconUser } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useMail } from '../jmap/mail'
import { accountLinks } from './plugs'
import { door } from './session'
import classes from './shell.module.css'
import { useAppTexts } from './texts'

export function AccountMenu() {
  const say = useAppTexts()
  const mail = useMail()
  const leave = async () => {
    await import('../features/push/keeping').then(({ turnOff }) => turnOff(mail.jmap)).catch(() => undefined)
    await door.logOut().catch(() => undefined)
    location.assign('/') // nothing of this mailbox stays in the page's memory
  }
  return (
    <MenuOnDemand
      position="bottom-end"
      width={260}
      button={
        <ActionIcon variant="transparent" className={classes.tool} aria-label={say('account')}>
          <IconUser size={19} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{mail.own.account?.name}</bdi>
          <br />
          <bdi>{mail.jmap.session.username}</bdi>
        </Menu.Label>
        <div className={classes.narrow}>
          <ChoiceItems />
          <Menu.Divider />
        </div>
        {accountLinks.map((Item, i) => (
          <Item key={i} />
        ))}
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {say('logOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}
