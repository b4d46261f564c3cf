ARG A=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
ARG B=$A$A$A$A$A$A$A$A
ARG C=$B$B$B$B$B$B$B$B
FROM $C
FROM UPPER/Case:tag
FROM a b c d
FROM
