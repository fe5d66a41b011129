"""What a stack must keep to, as a policy pack: `pulumi preview --policy-pack stacks/policy`."""
