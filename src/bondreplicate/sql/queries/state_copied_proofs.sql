-- In a copy: what the other site had proved to others is of no meaning here.
delete from bondreplicate.replicate_proof
